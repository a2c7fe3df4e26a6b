"""What is posted and asked wrongly: 4xx, a problem document that names what is wrong, and nothing is kept."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from trace_api import TraceApi, serving

from manager.traces import kept as module
from manager.traces.kept import KeptTraces
from manager.traces.store import TraceStore

SPAN = {"traceId": "7" * 32, "id": "1" * 16}


@pytest_asyncio.fixture
async def api() -> AsyncIterator[TraceApi]:
    async with serving(KeptTraces(TraceStore(10))) as api:
        yield api


async def test_what_is_posted_is_found(api: TraceApi) -> None:
    assert await api.post([SPAN]) == (202, "")
    assert await api.get("trace/" + "7" * 32) == (200, [SPAN])


async def test_a_compressed_body_is_taken(api: TraceApi) -> None:
    body = gzip.compress(json.dumps([SPAN]).encode())
    assert (await api.post(body, content_encoding="gzip"))[0] == 202
    assert (await api.get("trace/" + "7" * 32))[0] == 200


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is empty"),
        (b"[{", "not JSON"),
        ({}, "a list is needed"),
        ([7], "[0]: "),
        ([SPAN, {"id": "1"}], "[1].traceId: this field is needed"),
        ([SPAN, {"traceId": "7"}], "[1].id: this field is needed"),
        ([SPAN | {"traceId": "F" * 16}], "[0].traceId: 'FFFF"),
        ([SPAN | {"traceId": "0" * 32}], "[0].traceId: '0000"),
        ([SPAN | {"traceId": "1" * 33}], "[0].traceId: '1111"),
        ([SPAN | {"id": "0"}], "[0].id: a span's id is not 0"),
        ([SPAN | {"kind": "SELLER"}], "[0].kind: "),
        ([SPAN | {"timestamp": 2**63}], "[0].timestamp: "),
        ([SPAN | {"tags": {"a": None}}], "[0].tags.a: "),
        ([SPAN | {"annotations": [{"value": "x"}]}], "[0].annotations[0].timestamp: this field is needed"),
        ([SPAN | {"localEndpoint": {"port": 65_536}}], "[0].localEndpoint.port: "),
    ],
)
async def test_spans_that_are_wrong_are_400_named_and_not_kept(api: TraceApi, body: Any, said: str) -> None:
    status, text = await api.post(body)
    assert status == 400
    assert said in json.loads(text)["error"]
    assert (await api.get("trace/" + "7" * 32))[0] == 404


async def test_others_are_answered_while_a_body_is_read(api: TraceApi, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, go_on, read = asyncio.Event(), threading.Event(), module._read
    loop = asyncio.get_running_loop()

    def slow(kind: Any, value: object) -> Any:
        loop.call_soon_threadsafe(begun.set)
        assert go_on.wait(10), "nobody else was answered"
        return read(kind, value)

    monkeypatch.setattr(module, "_read", slow)
    posting = asyncio.create_task(api.post([SPAN]))
    await begun.wait()
    assert await api.get("services") == (200, [])
    go_on.set()
    assert await posting == (202, "")


async def test_a_body_over_the_limit_is_413_however_small_it_was_sent(api: TraceApi) -> None:
    assert (await api.post(gzip.compress(b" " * 5_000_000), content_encoding="gzip"))[0] == 413


@pytest.mark.parametrize(
    ("path", "query", "said"),
    [
        ("traces", {"limit": "0"}, "limit: "),
        ("traces", {"limit": "many"}, "limit: "),
        ("traces", {"endTs": "-1"}, "endTs: "),
        ("traces", {"maxDuration": "5"}, "maxDuration is of use with minDuration only"),
        ("traces", {"minDuration": "9", "maxDuration": "5"}, "maxDuration is less than minDuration"),
        ("spans", {}, "serviceName: this parameter is needed"),
        ("traceMany", {}, "traceIds: this parameter is needed"),
        ("traceMany", {"traceIds": "7"}, "two different ids"),
        ("traceMany", {"traceIds": "7,8,07"}, "two different ids"),
        ("traceMany", {"traceIds": "7,x"}, "'x' is not"),
        ("trace/xyz", {}, "'xyz' is not"),
    ],
)
async def test_what_is_asked_wrongly_is_400_and_named(
    api: TraceApi, path: str, query: dict[str, str], said: str
) -> None:
    status, text = await api.get(path, **query)
    assert status == 400
    assert said in json.loads(text)["error"]


async def test_an_unknown_trace_is_404_and_says_how_many_are_kept(api: TraceApi) -> None:
    status, text = await api.get("trace/abc")
    assert (status, json.loads(text)["error"]) == (
        404,
        "there is no trace '0000000000000abc': the last 10 traces are kept here",
    )
