"""What is kept of the spans that come, and what has to go."""

from __future__ import annotations

import json
from typing import Any

import pytest

from manager.traces import store as module
from manager.traces.query import TraceQuery
from manager.traces.span import Span
from manager.traces.store import TraceStore, search

NOW_US = 1_700_000_000_000_000


def span(trace: int, number: int = 1, **fields: Any) -> Span:
    return Span.model_validate({"traceId": f"{trace:032x}", "id": f"{number:x}", "timestamp": NOW_US + trace} | fields)


def kept(store: TraceStore, *traces: int) -> list[int]:
    """How many spans of each of these traces are there."""
    documents = [store.trace(f"{trace:016x}") for trace in traces]
    return [len(json.loads(document)) if document else 0 for document in documents]


def test_the_last_traces_are_kept_whatever_their_spans_say_of_time() -> None:
    store = TraceStore(2)
    store.add([span(9), span(1), span(1, 2), span(2)])
    assert kept(store, 9, 1, 2) == [0, 2, 1]


def test_a_late_span_of_a_forgotten_trace_neither_comes_back_nor_costs_another() -> None:
    store = TraceStore(2)
    store.add([span(1), span(2), span(3)])
    store.add([span(1, 2)])
    assert kept(store, 1, 2, 3) == [0, 1, 1]


def test_what_is_known_of_forgotten_traces_is_bounded() -> None:
    store = TraceStore(2)
    for trace in range(1, 100):
        store.add([span(trace)])
    assert len(store._forgotten) == 2


def test_a_store_for_no_traces_keeps_none() -> None:
    store = TraceStore(0)
    store.add([span(1)])
    assert (kept(store, 1), store.services(), store._forgotten) == ([0], [], {})


def test_a_span_that_is_posted_again_is_kept_and_counted_once() -> None:
    store = TraceStore(2, most_bytes=4 * len(span(1).as_json()))
    store.add([*[span(1)] * 9, span(1, kind="CLIENT"), span(2)])
    assert kept(store, 1, 2) == [2, 1]


def test_a_trace_has_no_more_spans_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TRACE_SPANS", 3)
    store = TraceStore(2)
    store.add([span(1, number) for number in range(1, 10)])
    assert kept(store, 1) == [3]


def test_the_bytes_of_all_traces_are_bounded() -> None:
    one = len(span(1).as_json())
    store = TraceStore(100, most_bytes=3 * one)
    store.add([span(trace) for trace in range(1, 6)])
    assert kept(store, 1, 2, 3, 4, 5) == [0, 0, 1, 1, 1]
    store.add([span(6, tags={"a": "x" * 4 * one})])
    assert kept(store, 5, 6) == [0, 0]
    store.add([span(7)])
    assert kept(store, 7) == [1], "what has gone is no longer counted"


def test_services_and_span_names_are_those_of_the_traces_that_are_kept() -> None:
    store = TraceStore(2)
    gone, one, two = ({"localEndpoint": {"serviceName": service}} for service in ("gone", "One", "two"))
    store.add([span(1, **gone), span(2, name="B", **one), span(2, 2, name="a", **one), span(3, **two)])
    assert store.services() == ["one", "two"]
    assert (store.span_names("one"), store.span_names("two"), store.span_names("gone")) == (["a", "b"], [], [])


def test_the_latest_traces_come_first_and_no_more_than_are_asked_for() -> None:
    store = TraceStore(10)
    store.add([span(trace) for trace in (2, 3, 1)])
    query = TraceQuery.model_validate({"endTs": NOW_US // 1000 + 1, "limit": "2"})
    found = json.loads(search(store.latest_first(), query))
    assert [spans[0]["traceId"] for spans in found] == [f"{3:016x}", f"{2:016x}"]
