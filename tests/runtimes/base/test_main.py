"""The process of a runtime, started as users start it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from catenary.address import free_port
from catenary.errors import SetupError
from catenary.settings import read_settings
from runtimes.base.settings import RuntimeSettings

ROOT = Path(__file__).parents[3]


async def start(tmp_path, **settings: str) -> asyncio.subprocess.Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("CATENARY_")}
    environment |= {"CATENARY_CACHE": str(tmp_path / "cache"), **settings}
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "runtimes.custom", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_runtime_serves_on_a_socket_and_stops_when_told(tmp_path, number):
    socket = tmp_path / "app.sock"
    process = await start(
        tmp_path, CATENARY_LISTEN=f"unix:{socket}", CATENARY_REPOSITORY=f"http://127.0.0.1:{free_port()}"
    )
    assert process.stderr is not None
    while b"listening on" not in await process.stderr.readline():
        assert process.returncode is None
    async with (
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(socket))) as session,
        session.get("http://app/health/live") as response,
    ):
        assert response.status == 200
    process.send_signal(number)
    _, errors = await process.communicate()
    assert process.returncode == 0
    assert b"Traceback" not in errors


async def test_a_port_in_use_is_one_sentence(tmp_path):
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    address = "{}:{}".format(*server.sockets[0].getsockname())
    async with server:
        process = await start(tmp_path, CATENARY_LISTEN=address)
        _, errors = await process.communicate()
    assert process.returncode == 2
    assert address in errors.decode().splitlines()[-1]
    assert b"Traceback" not in errors


async def test_a_wrong_setting_is_one_sentence_that_names_it(tmp_path):
    process = await start(tmp_path, CATENARY_REPOSITORY="localhost:8087", MODEL_NAME="a,b/c")
    _, errors = await process.communicate()
    assert process.returncode == 2
    assert len(errors.decode().splitlines()) == 1
    assert "CATENARY_REPOSITORY" in errors.decode()
    assert "MODEL_NAME: " in errors.decode()


@pytest.mark.parametrize("variable", ["CATENARY_MODEL_NAME", "MODEL_NAME"])
def test_the_models_to_serve_come_from_either_variable(monkeypatch, variable):
    monkeypatch.setenv(variable, "iris, wine")
    assert read_settings(RuntimeSettings).model_names == {"iris", "wine"}


def test_no_name_means_every_model():
    assert read_settings(RuntimeSettings).model_names == set()


def test_a_wrong_model_name_is_told():
    with pytest.raises(SetupError, match="'b/c' is not a model's name"):
        read_settings(RuntimeSettings, model_name="a,b/c")
