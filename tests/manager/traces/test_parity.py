"""The same spans to Zipkin's own server and to ours, the same questions to both, the same answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from servers import ZipkinServer
from trace_api import TraceApi, serving

from manager.traces.kept import KeptTraces
from manager.traces.store import TraceStore

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOW_US = int(time.time() * 1e6) - 60_000_000
NOW_MS = NOW_US // 1000
A, B, C, D = "a" * 32, "b" * 32, "c" * 16, "d" * 32
HIGH, LOW = "1" * 16 + "e" * 16, "e" * 16


def span(
    trace: str, id_: str, began_ms: int, took_us: int | None, service: str | None, name: str, **fields: Any
) -> Any:
    own = {"traceId": trace, "id": id_, "name": name, "timestamp": NOW_US + began_ms * 1000}
    took = {} if took_us is None else {"duration": took_us}
    where = {} if service is None else {"localEndpoint": {"serviceName": service, "ipv4": "127.0.0.1", "port": 80}}
    return own | took | where | fields


SPANS = [
    span(A, "1", 0, 5_000, "gateway", "Two", kind="SERVER", tags={"http.status_code": "200", "env": "a and b"}),
    span(A, "2", 1, 2_000, "gateway", "call", parentId="1", kind="CLIENT", remoteEndpoint={"serviceName": "Shop"}),
    span(A, "3", 2, 1_000, "shop", "/m1", parentId="2", kind="SERVER", annotations=[{"timestamp": 1, "value": "hot"}]),
    span(B, "1", 100, 9_000, "Gateway", "one", kind="SERVER", tags={"error": "", "http.status_code": "503"}),
    span(B, "2", 101, 8_000, "shop", "/m2", parentId="1", kind="SERVER", shared=True),
    span(C, "9", 200, 100, "late", "short"),
    span(D, "7", 300, None, None, "", parentId="00", debug=True, more={"un": "known"}),
    span(HIGH, "1", 400, 10, "wide", "high"),
    # Zipkin finds traces that share their lower 64 bits together; without a time, this one is not looked for.
    span(LOW, "2", 401, 10, "wide", "low", parentId="2", timestamp=0),
    # By the clock of another machine, a child that began before its parent.
    span("8" * 16, "1", 500, 50, "skewed", "root"),
    span("8" * 16, "2", 450, 10, "skewed", "child", parentId="1"),
    # Again, and with other spellings of the same.
    span(A, "0001", 0, 5_000, "gateway", "two", kind="SERVER", tags={"env": "a and b", "http.status_code": "200"}),
    {"traceId": "0" * 16 + "5" * 16, "id": "1"},
    {"traceId": "77", "id": "1", "timestamp": -5, "duration": 0, "tags": {}, "annotations": [], "localEndpoint": {}},
]

WRONG = [
    [{"id": "1"}],
    [{"traceId": "1"}],
    [{"traceId": "XYZ", "id": "1"}],
    [{"traceId": "A" * 16, "id": "1"}],
    [{"traceId": "1" * 33, "id": "1"}],
    [{"traceId": "0" * 32, "id": "1"}],
    [{"traceId": "1", "id": "1" * 17}],
    [{"traceId": "1", "id": "1", "kind": "SELLER"}],
    [{"traceId": "1", "id": "1", "tags": {"a": None}}],
    [{"traceId": "1", "id": "1", "annotations": [{"value": "x"}]}],
    [{"traceId": "1", "id": "1", "localEndpoint": {"port": 65_536}}],
    {},
    b"[{",
]

QUESTIONS: list[tuple[str, dict[str, str | int]]] = [
    ("services", {}),
    *(("spans", {"serviceName": name}) for name in ("gateway", "Gateway", "shop", "nobody", "")),
    *((f"trace/{id_}", {}) for id_ in (A, B, C, D, LOW, HIGH, "5" * 16, "0" * 16 + "5" * 16, "77", "0077")),
    *((f"trace/{id_}", {}) for id_ in ("a" * 16, "f" * 32, "xyz", "A" * 32, "1" * 33, "0" * 16)),
    *(("traceMany", {"traceIds": ids}) for ids in (f"{A},{C}", f"{A},{'f' * 16}", f"{HIGH},{LOW}", A, f"{A},{A}", "")),
    ("traces", {}),
    *(
        ("traces", query)
        for query in (
            *({"serviceName": name} for name in ("gateway", "GATEWAY", "shop", "late", "nobody", "")),
            *({"spanName": name} for name in ("two", "TWO", "all", "call", "none")),
            {"serviceName": "shop", "spanName": "two"},
            *({"remoteServiceName": name} for name in ("shop", "Shop", "gateway")),
            *({"annotationQuery": query} for query in ("error", "hot", "http.status_code=503", "http.status_code")),
            *({"annotationQuery": query} for query in ("error and http.status_code=503", "error=", "hot=1", "none")),
            {"annotationQuery": "hot and http.status_code=200"},
            {"annotationQuery": "hot and http.status_code=200", "serviceName": "shop"},
            *({"minDuration": us} for us in (1, 100, 5_000, 9_001, 0, -1, "x")),
            {"minDuration": 2_000, "maxDuration": 5_000},
            {"minDuration": 2_001, "maxDuration": 4_999},
            {"minDuration": 2_000, "serviceName": "shop"},
            {"maxDuration": 5_000},
            {"minDuration": 9, "maxDuration": 5},
            *({"limit": limit} for limit in (1, 2, 100, 0, -1, "x")),
            *({"endTs": NOW_MS + ms} for ms in (-1, 0, 99, 100, 250, 475)),
            *({"endTs": NOW_MS + 450, "lookback": ms} for ms in (1, 150, 250, 351, 0, "x")),
            {"endTs": 0},
            {"unknown": "parameter"},
        )
    ),
]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def both(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[TraceApi, TraceApi]]:
    """Zipkin's server and ours, with the same spans."""
    async with (
        ZipkinServer(tmp_path_factory.mktemp("zipkin")) as server,
        aiohttp.ClientSession() as http,
        serving(KeptTraces(TraceStore(100))) as ours,
    ):
        zipkin = TraceApi(server.url, http)
        for api in (zipkin, ours):
            assert (await api.post(SPANS))[0] == 202
        yield zipkin, ours


def comparable(path: str, answer: tuple[int, Any]) -> tuple[int, Any]:
    """An answer without what is each server's own: the words of a refusal, and the order of a trace's spans."""
    status, found = answer
    if status != 200:
        return status, None
    if path.startswith("trace/"):
        found = _sorted(found)
    elif path in ("traces", "traceMany"):
        found = [_sorted(spans) for spans in found]
    return status, found


def _sorted(spans: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(spans, key=lambda span: (span["traceId"], span["id"], str(span.get("tags"))))


@pytest.mark.parametrize(("path", "query"), QUESTIONS, ids=lambda value: str(value))
async def test_both_answer_alike(both: tuple[TraceApi, TraceApi], path: str, query: dict[str, str | int]) -> None:
    theirs, ours = [
        comparable(path, answer) for answer in await asyncio.gather(*(api.get(path, **query) for api in both))
    ]
    assert ours == theirs


@pytest.mark.parametrize("body", WRONG, ids=lambda body: str(body)[:60])
async def test_both_refuse_the_same_spans(both: tuple[TraceApi, TraceApi], body: Any) -> None:
    assert [(await api.post(body))[0] for api in both] == [400, 400]
