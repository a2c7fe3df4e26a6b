"""A client that is slow to send or to read is cut off in time, and meanwhile holds nobody else up."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, ClientTimeout, TCPConnector, web
from mesh import Mesh, until

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIENT_TIMEOUT_S = 1.0
IN_TIME_S = 8.0
"""Far more than the time that a slow client has, on a busy machine too; far less than Envoy's own timeouts."""

SLOW_CLIENTS = 40
"""More than a connection between gateway and sidecar can hold up, on each of a few workers."""

LARGE = 5_000_000
"""Bytes: more than gateway, sidecar and kernel hold for one who does not read."""


class Step:
    """Answers in a way that the path names."""

    def __init__(self) -> None:
        self.broken_off = 0

    async def answer(self, request: web.Request) -> web.StreamResponse:
        word = request.path.removeprefix("/")
        try:
            await request.read()
            if word == "slow":
                await asyncio.sleep(CLIENT_TIMEOUT_S * 1.5)
            if word == "large":
                answer = web.StreamResponse()
                await answer.prepare(request)
                for _ in range(10):
                    await answer.write(b"x" * LARGE)
                return answer
        except (OSError, asyncio.CancelledError):
            self.broken_off += 1
            raise
        return web.json_response([{}])


STEP = Step()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh(CATENARY_CLIENT_TIMEOUT_S=str(CLIENT_TIMEOUT_S)) as mesh:
        await mesh.step("step", STEP.answer)
        await mesh.pipeline("one", "step/m")
        await mesh.pipeline("two", "step/m", "step/m")
        await mesh.pipeline("slow", "step/slow", "step/m")
        await mesh.pipeline("large", "step/large")
        await mesh.pipeline("large-soon", "step/large", timeout_s=1)
        yield mesh


@pytest.fixture(autouse=True)
def _fresh() -> None:
    STEP.broken_off = 0


async def assert_others_are_served(mesh: Mesh) -> None:
    connector = TCPConnector(force_close=True)
    async with ClientSession(connector=connector, timeout=ClientTimeout(total=IN_TIME_S)) as session:
        for pipeline in ("one", "two") * 8:
            async with session.post(mesh.serve_url(pipeline), json=[{}]) as answer:
                assert answer.status == 200, await answer.text()


@contextlib.asynccontextmanager
async def connection(mesh: Mesh) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    host, _, port = mesh.gateway_url.removeprefix("http://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        yield reader, writer
    finally:
        writer.close()


def head(pipeline: str, content_length: int, more: str = "") -> bytes:
    return (
        f"POST {names.SERVE_PATH}/{pipeline} HTTP/1.1\r\nhost: x\r\ncontent-length: {content_length}\r\n{more}\r\n"
    ).encode()


async def the_answer(reader: asyncio.StreamReader) -> tuple[int, dict[str, Any]]:
    """Status and document."""
    async with asyncio.timeout(IN_TIME_S):
        start = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = re.search(r"content-length: (\d+)", start)
        assert length, start
        assert names.PROBLEM_TYPE in start
        return int(start.split()[1]), json.loads(await reader.readexactly(int(length[1])))


async def _trickle(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"[")
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("trickles", [True, False], ids=["trickles", "stops"])
@pytest.mark.parametrize("pipeline", ["one", "two"])
async def test_a_body_that_does_not_arrive_is_408_and_others_are_served(
    mesh: Mesh, pipeline: str, trickles: bool
) -> None:
    async with contextlib.AsyncExitStack() as stack:
        slow = [await stack.enter_async_context(connection(mesh)) for _ in range(SLOW_CLIENTS)]
        for _, writer in slow:
            writer.write(head(pipeline, 1_000) + b"[")
            if trickles:
                stack.callback(asyncio.create_task(_trickle(writer)).cancel)
        answers = [asyncio.create_task(the_answer(reader)) for reader, _ in slow]
        await assert_others_are_served(mesh)
        for status, document in await asyncio.gather(*answers):
            assert (status, document["status"], document["type"]) == (408, 408, "urn:catenary:request-timeout")
            assert document["pipeline"] == pipeline
            assert "step" not in document


async def test_headers_that_do_not_arrive_are_408(mesh: Mesh) -> None:
    async with connection(mesh) as (reader, writer):
        writer.write(head("one", 2)[:-4])
        assert (await the_answer(reader))[0] == 408


async def test_a_connection_without_requests_is_closed(mesh: Mesh) -> None:
    async with connection(mesh) as (reader, _):
        assert await asyncio.wait_for(reader.read(), IN_TIME_S) == b""


async def test_the_chains_own_time_is_not_the_clients(mesh: Mesh) -> None:
    async with connection(mesh) as (reader, writer):
        writer.write(head("slow", 2, "connection: close\r\n"))
        await asyncio.sleep(CLIENT_TIMEOUT_S / 4)  # The body comes late, but in time.
        writer.write(b"[]")
        assert (await asyncio.wait_for(reader.read(), IN_TIME_S)).startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("more", ["x-large: " + "x" * 61_440 + "\r\n", "x-many: x\r\n" * 101], ids=["large", "many"])
async def test_too_large_or_too_many_headers_are_431(mesh: Mesh, more: str) -> None:
    async with connection(mesh) as (reader, writer):
        writer.write(head("one", 2, more))
        status, document = await the_answer(reader)
        assert (status, document["status"]) == (431, 431)


@contextlib.asynccontextmanager
async def not_reading(mesh: Mesh, pipeline: str) -> AsyncIterator[None]:
    """Clients that ask, take the beginning of the answer, and read no more."""
    loop = asyncio.get_running_loop()
    host, _, port = mesh.gateway_url.removeprefix("http://").partition(":")
    with contextlib.ExitStack() as stack:
        for _ in range(SLOW_CLIENTS):
            slow = stack.enter_context(socket.socket())
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            slow.setblocking(False)
            await loop.sock_connect(slow, (host, int(port)))
            await loop.sock_sendall(slow, head(pipeline, 2) + b"[]")
            assert await loop.sock_recv(slow, 12) == b"HTTP/1.1 200"
        yield


async def test_who_does_not_read_holds_nobody_up(mesh: Mesh) -> None:
    async with not_reading(mesh, "large"):
        await assert_others_are_served(mesh)
        assert STEP.broken_off == 0


async def test_who_does_not_read_is_cut_off_by_the_deadline(mesh: Mesh) -> None:
    async with not_reading(mesh, "large-soon"):

        async def all_are_cut_off() -> bool:
            return STEP.broken_off == SLOW_CLIENTS

        await until(all_are_cut_off, "the step is told that nobody reads", IN_TIME_S)
