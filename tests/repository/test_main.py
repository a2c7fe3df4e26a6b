from __future__ import annotations

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import aiohttp

from catenary.address import free_port


async def start(**environment: str) -> Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "repository",
        env={**os.environ, **environment},
        stderr=PIPE,
        stdout=PIPE,
    )


async def refused(**environment: str) -> str:
    process = await start(**environment)
    output, errors = await process.communicate()
    assert (process.returncode, output) == (2, b"")
    assert errors.count(b"\n") == 1
    return errors.decode().strip()


async def test_it_serves_a_socket_and_ends_at_once_on_term_while_a_request_waits(models, socket):
    models.scikit("iris")
    process = await start(CATENARY_LISTEN=f"unix:{socket}", CATENARY_MODEL_DIRECTORY=str(models.root))
    assert process.stderr
    line = b""
    while b"listening on" not in line:
        line = await process.stderr.readline()
        assert line, "it ended"
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as session:
        etag = '"none"'
        entries: list[dict[str, str]] = []
        while not entries or entries[0]["state"] != "ready":
            async with session.get("http://r/index?wait=10", headers={"if-none-match": etag}) as response:
                entries, etag = await response.json(), response.headers["etag"]
        reader, writer = await asyncio.open_unix_connection(str(socket))
        writer.write(f"GET /index?wait=60 HTTP/1.1\r\nhost: r\r\nif-none-match: {etag}\r\n\r\n".encode())
        async with session.get("http://r/health") as response:
            assert response.status == 200
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(5):
            assert await reader.readline() == b"HTTP/1.1 304 Not Modified\r\n"
        writer.close()
        await writer.wait_closed()
    _, rest = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in rest
    assert not socket.exists()


async def test_a_folder_of_models_that_is_none_is_one_clear_line(tmp_path: Path):
    missing = tmp_path / "missing"
    message = await refused(CATENARY_MODEL_DIRECTORY=str(missing))
    assert (
        message
        == f"repository: CATENARY_MODEL_DIRECTORY: {missing.resolve()} is not a folder: make it, or name another"
    )


async def test_an_address_that_is_none_is_one_clear_line(tmp_path: Path):
    message = await refused(CATENARY_MODEL_DIRECTORY=str(tmp_path), CATENARY_LISTEN="nowhere")
    assert message.startswith("repository: the settings are not right: CATENARY_LISTEN: ")


async def test_an_address_that_is_taken_is_one_clear_line(tmp_path: Path):
    port = free_port()
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with server:
        message = await refused(
            CATENARY_MODEL_DIRECTORY=str(tmp_path), CATENARY_LISTEN=f"127.0.0.1:{port}", CATENARY_LOG_LEVEL="error"
        )
    assert message.startswith(f"repository: cannot listen on 127.0.0.1:{port}: ")
