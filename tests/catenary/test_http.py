"""The shell that every app is served in, over a socket: what is wrong with a request is told as any other error is."""

from __future__ import annotations

import asyncio
import gzip
import logging
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import web
from wire import Answer, connect, exchange

from catenary import names
from catenary.address import UnixAddress
from catenary.body import read_body, read_json
from catenary.errors import NotFound
from catenary.http import HEADER_BYTES, application, json_response, listening

LIMIT = 1_000


async def _length(request: web.Request) -> web.Response:
    return json_response({"length": len(await read_body(request))})


async def _json(request: web.Request) -> web.Response:
    return json_response(await read_json(request))


async def _missing(_request: web.Request) -> web.Response:
    raise NotFound("thing", "x")


async def _broken(_request: web.Request) -> web.Response:
    raise ZeroDivisionError("a secret")


@pytest_asyncio.fixture
async def address(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[UnixAddress]:
    app = application(max_body_bytes=LIMIT)
    app.add_routes([web.post("/length", _length), web.post("/json", _json), web.get("/missing", _missing)])
    app.add_routes([web.get("/broken", _broken)])
    address = UnixAddress(str(tmp_path_factory.mktemp("s") / "s"))
    async with listening(app, address, drain_s=0):
        yield address


async def ask(address: UnixAddress, head: bytes, body: bytes = b"") -> Answer:
    answer = await exchange(address, head + b"\r\nhost: x\r\ncontent-length: %d\r\n\r\n" % len(body) + body, whole=True)
    assert answer is not None
    if answer.status >= 400:
        assert answer.headers["content-type"] == names.PROBLEM_TYPE
        assert answer.document["status"] == answer.status
    return answer


@pytest.mark.parametrize(
    ("head", "status", "words"),
    [
        (b"GET /missing HTTP/1.1\r\nx-request-id: \xff", 404, "there is no thing 'x'"),
        (b"GET /missing HTTP/1.1\r\ntraceparent: \xff-\xff-\xff-\xff", 404, "there is no thing"),
        (b"GET /missing HTTP/1.1\r\nexpect: a miracle", 400, "expect: nothing but"),
        (b"GET /missing HTTP/1.1\r\nexpect: \x80", 400, "expect: nothing but"),
        (b"GET /\xff HTTP/1.1", 400, "no HTTP that can be read: Invalid char in url path"),
        (b"GET / HTTP/1.1\r\nno header", 400, "no HTTP that can be read: Invalid header token"),
        (b"GET /nothing HTTP/1.1", 404, "there is no page '/nothing'"),
        (b"DELETE /missing HTTP/1.1", 405, "DELETE is not allowed here"),
        (b"GET /broken HTTP/1.1", 500, "this is a fault in Catenary; its log holds the cause"),
    ],
)
async def test_what_is_wrong_is_a_problem_document(address: UnixAddress, head: bytes, status: int, words: str) -> None:
    answer = await ask(address, head)
    assert answer.status == status
    assert words in answer.document["error"]
    assert b"secret" not in answer.body


async def test_only_a_fault_of_ours_leaves_a_traceback(address: UnixAddress, caplog: pytest.LogCaptureFixture) -> None:
    for head in (b"GET /\xff HTTP/1.1", b"GET /missing HTTP/1.1\r\nexpect: x", b"\xff", b"GET / HTTP/9.9"):
        await ask(address, head)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []
    await ask(address, b"GET /broken HTTP/1.1")
    assert [record.exc_info is not None for record in caplog.records] == [True]


async def test_headers_may_be_as_long_as_an_edge_lets_through(address: UnixAddress) -> None:
    assert (await ask(address, b"GET /missing HTTP/1.1\r\ncookie: " + b"x" * 60 * 1024)).status == 404
    assert (await ask(address, b"GET /missing HTTP/1.1\r\ncookie: " + b"x" * (HEADER_BYTES + 1))).status == 400


@pytest.mark.parametrize(
    ("encoding", "encode"), [(b"gzip", gzip.compress), (b"deflate", zlib.compress), (b"identity", bytes)]
)
async def test_a_body_may_be_compressed(address: UnixAddress, encoding: bytes, encode) -> None:
    head = b"POST /length HTTP/1.1\r\ncontent-encoding: " + encoding
    assert (await ask(address, head, encode(b"x" * LIMIT))).document == {"length": LIMIT}


@pytest.mark.parametrize(
    ("encoding", "body", "status"),
    [
        (b"gzip", b"no gzip", 400),
        (b"gzip", b"", 400),
        (b"gzip", gzip.compress(b"{}")[:-9], 400),
        (b"gzip", gzip.compress(b"{}") + b"more", 400),
        (b"gzip", gzip.compress(b" " * (LIMIT + 1)), 413),
        (b"gzip", gzip.compress(b" " * 100_000_000)[:LIMIT], 413),
        (b"deflate", b"\xff\xff", 400),
        (b"br", b"{}", 400),
        (b"\xff", b"{}", 400),
    ],
)
async def test_a_body_that_cannot_be_decoded_is_the_clients_fault(
    address: UnixAddress, encoding: bytes, body: bytes, status: int
) -> None:
    answer = await ask(address, b"POST /json HTTP/1.1\r\ncontent-encoding: " + encoding, body)
    assert answer.status == status


async def test_a_body_that_cannot_be_decoded_ends_no_connection(address: UnixAddress) -> None:
    """An Envoy sends the requests of all its clients over the same few."""
    reader, writer = await connect(address)
    for path in (b"/json", b"/nothing"):
        writer.write(b"POST " + path + b" HTTP/1.1\r\nhost: x\r\ncontent-encoding: gzip\r\ncontent-length: 2\r\n\r\n{}")
        head = await reader.readuntil(b"\r\n\r\n")
        assert b"close" not in head.lower()
        length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if b"content-length" in line)
        await reader.readexactly(length)
    writer.write(b"GET /missing HTTP/1.1\r\nhost: x\r\n\r\n")
    assert b" 404 " in await reader.readline()
    writer.close()
    await writer.wait_closed()


async def test_a_body_that_breaks_off_leaves_no_trace(address: UnixAddress, caplog: pytest.LogCaptureFixture) -> None:
    _, writer = await connect(address)
    writer.write(b"POST /json HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
    await writer.drain()
    writer.close()
    await writer.wait_closed()
    assert (await ask(address, b"POST /json HTTP/1.1", b"{}")).document == {}
    assert [record for record in caplog.records if record.exc_info] == []


def test_the_socket_is_gone_with_the_app(tmp_path: Path) -> None:
    async def once() -> None:
        async with listening(application(max_body_bytes=1), UnixAddress(str(tmp_path / "s"))):
            assert (tmp_path / "s").exists()

    asyncio.run(once())
    assert not (tmp_path / "s").exists()
