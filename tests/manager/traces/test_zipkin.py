"""The manager's API where another server keeps the traces: its answers, and what is said while it is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from trace_api import TraceApi, serving

from catenary.address import free_port
from manager.traces import zipkin as module
from manager.traces.kept import KeptTraces
from manager.traces.store import TraceStore
from manager.traces.zipkin import ZipkinTraces

SPANS = [{"traceId": trace * 16, "id": "1" * 16, "localEndpoint": {"serviceName": "shop"}} for trace in "78"]


@pytest_asyncio.fixture
async def server() -> AsyncIterator[TraceApi]:
    async with serving(KeptTraces(TraceStore(10))) as server:
        assert (await server.post(SPANS))[0] == 202
        yield server


@pytest_asyncio.fixture
async def reader(server: TraceApi) -> AsyncIterator[TraceApi]:
    async with ZipkinTraces.at(server.url) as traces, serving(traces) as reader:
        yield reader


async def test_what_is_asked_here_is_answered_there(reader: TraceApi, server: TraceApi) -> None:
    asked = [
        ("trace/" + "7" * 16, {}),
        ("traceMany", {"traceIds": "7777777777777777,8888888888888888"}),
        ("services", {}),
        ("spans", {"serviceName": "shop"}),
        ("traces", {"serviceName": "a b&c=d"}),
    ]
    for path, query in asked:
        there = await server.get(path, **query)
        assert there[0] == 200
        assert await reader.get(path, **query) == there


@pytest.mark.parametrize(
    ("collector", "asked"),
    [("", "/api/v2"), ("/", "/api/v2"), ("/api/v2/spans", "/api/v2"), ("/z/v2/spans/", "/z/v2"), ("/spans", "")],
)
async def test_a_server_is_asked_beside_the_path_that_spans_are_posted_to(collector: str, asked: str) -> None:
    async def path(request: web.Request) -> web.Response:
        return web.json_response([request.path])

    async with (
        serving(_Answers(path)) as server,
        ZipkinTraces.at(server.url + collector) as traces,
        serving(traces) as reader,
    ):
        assert await reader.get("services") == (200, [f"{asked}/services"])
        assert await reader.get("trace/7") == (200, [f"{asked}/trace/0000000000000007"])


async def test_what_is_refused_there_is_refused_here_in_its_words(reader: TraceApi, server: TraceApi) -> None:
    status, text = await reader.get("traces", limit="0")
    assert status == 400
    assert json.loads(text)["error"].startswith(f"Zipkin at {server.url} answers 400: ")
    assert "limit: " in json.loads(text)["error"]


async def test_a_trace_that_is_not_there_is_404_and_says_where(reader: TraceApi, server: TraceApi) -> None:
    status, text = await reader.get("trace/abc")
    assert (status, json.loads(text)["error"]) == (
        404,
        f"there is no trace '0000000000000abc': Zipkin at {server.url} has none",
    )


async def test_spans_are_not_taken(reader: TraceApi) -> None:
    assert (await reader.post(SPANS))[0] == 405


async def test_a_server_that_is_away_is_503_and_named() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    async with ZipkinTraces.at(url) as traces, serving(traces) as reader:
        status, text = await reader.get("trace/abc")
    assert status == 503
    assert json.loads(text)["error"].startswith(f"Zipkin at {url} does not answer: ")


async def test_a_server_that_stands_still_is_503_and_named(monkeypatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)

    async def hang(_request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        raise AssertionError

    async with serving(_Answers(hang)) as server, ZipkinTraces.at(server.url) as traces, serving(traces) as reader:
        status, text = await reader.get("services")
    assert (status, json.loads(text)["error"]) == (503, f"Zipkin at {server.url} does not answer within 0.1 s")


async def test_what_is_no_zipkin_is_503() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    async with serving(_Answers(page)) as server, ZipkinTraces.at(server.url) as traces, serving(traces) as reader:
        status, text = await reader.get("services")
    assert (status, json.loads(text)["error"]) == (503, f"what answers at {server.url} is not Zipkin: it is text/html")


async def test_an_answer_that_is_too_large_is_refused(reader: TraceApi, monkeypatch) -> None:
    monkeypatch.setattr(module, "ANSWER_BYTES", 10)
    status, text = await reader.get("traceMany", traceIds="7777777777777777,8888888888888888")
    assert (status, "fewer traces" in text) == (400, True)


async def test_managers_that_name_each_other_do_not_ask_for_ever() -> None:
    ports = free_port(), free_port()
    async with (
        ZipkinTraces.at(f"http://127.0.0.1:{ports[0]}") as first,
        ZipkinTraces.at(f"http://127.0.0.1:{ports[1]}") as second,
        serving(first, ports[1]) as reader,
        serving(second, ports[0]),
    ):
        status, text = await reader.get("services")
    assert status == 503
    assert "CATENARY_KEEP_TRACES" in text


class _Answers:
    """A server that gives one answer to whatever it is asked."""

    def __init__(self, answer) -> None:
        self._answer = answer

    def add_to(self, app: web.Application) -> None:
        app.router.add_get("/{path:.*}", self._answer)
