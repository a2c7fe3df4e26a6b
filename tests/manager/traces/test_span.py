"""What Zipkin's reader makes of a span, and that nothing that is read cannot be written."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from malice import FUZZ, json_values
from pydantic import ValidationError

from catenary.errors import InvalidInput
from catenary.http import validated
from manager.traces.query import TraceQuery
from manager.traces.span import SPAN_BYTES, Span, Spans
from manager.traces.store import TraceStore, search

SPAN = {"traceId": "7" * 16, "id": "1"}


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ({"traceId": "0" * 16 + "1" * 16}, {"traceId": "1" * 16}),
        ({"traceId": "1" * 17}, {"traceId": "0" * 15 + "1" * 17}),
        ({"id": "a", "parentId": "b"}, {"id": f"{10:016x}", "parentId": f"{11:016x}"}),
        ({"parentId": "0" * 16}, {}),
        ({"parentId": "01"}, {}),
        ({"name": "GET"}, {"name": "get"}),
        ({"localEndpoint": {"serviceName": "Shop"}}, {"localEndpoint": {"serviceName": "shop"}}),
        ({"name": "", "timestamp": -1, "duration": 0, "tags": {}, "annotations": [], "debug": False}, {}),
        ({"localEndpoint": {}, "remoteEndpoint": {"serviceName": "", "port": 0}, "kind": None}, {}),
        ({"tags": {"count": 3}}, {"tags": {"count": "3"}}),
        ({"what": {"is": "this"}}, {}),
    ],
)
def test_a_span_is_read_as_zipkin_reads_it(sent: dict[str, Any], read: dict[str, Any]) -> None:
    (span,) = Spans.model_validate([SPAN | sent]).root
    assert json.loads(span.as_json()) == {"traceId": "7" * 16, "id": f"{1:016x}"} | read


def test_of_many_wrong_spans_the_first_ends_the_reading() -> None:
    with pytest.raises(ValidationError) as raised:
        Spans.model_validate([SPAN, *[{"id": "x"}] * 1_000])
    assert {fault["loc"][0] for fault in raised.value.errors()} == {1}


def test_a_span_that_is_too_large_is_kept_without_what_makes_it_so() -> None:
    tags = {"url": "x" * 100_000}
    span = Span.model_validate(SPAN | {"name": "N" * 100_000, "tags": tags, "duration": 7, "kind": "SERVER"})
    written = span.as_json()
    assert len(written) < SPAN_BYTES
    document = json.loads(written)
    assert (document["duration"], document["kind"], document["name"]) == (7, "SERVER", "n" * 256)
    assert list(document["tags"]) == ["catenary.left_out"]


endpoints = st.fixed_dictionaries(
    {}, optional={name: st.text(max_size=3) | json_values for name in ("serviceName", "ipv4", "ipv6", "port")}
)
spans = st.fixed_dictionaries(
    {"traceId": st.just("7" * 32) | json_values, "id": st.just("1") | json_values},
    optional={
        "parentId": st.sampled_from(["0", "1", "2"]) | json_values,
        **dict.fromkeys(("localEndpoint", "remoteEndpoint"), endpoints | json_values),
        **dict.fromkeys(("kind", "name", "timestamp", "duration", "debug", "shared", "more"), json_values),
        "tags": st.dictionaries(st.text(max_size=3), st.text(max_size=3) | json_values, max_size=3) | json_values,
        "annotations": st.lists(st.fixed_dictionaries({"timestamp": st.integers(), "value": st.text()})) | json_values,
    },
)
queries = st.dictionaries(
    st.sampled_from([field.alias or name for name, field in TraceQuery.model_fields.items()]),
    st.text(max_size=8) | st.integers().map(str) | st.sampled_from(["a and b=c", "=", " and ", "9" * 5_000]),
)


@FUZZ
@given(st.lists(spans, max_size=3) | json_values, queries)
def test_whatever_is_posted_and_asked_is_refused_or_works(posted: Any, asked: dict[str, str]) -> None:
    try:
        read = validated(Spans, orjson.loads(json.dumps(posted))).root
    except (InvalidInput, orjson.JSONDecodeError):
        read = ()
    store = TraceStore(2)
    store.add(read)
    for span in read:
        assert json.loads(span.as_json()) in json.loads(store.trace(span.trace_id) or b"[]")
        assert Span.model_validate_json(span.as_json()) == span
    try:
        query = validated(TraceQuery, asked)
    except InvalidInput:
        return
    assert len(json.loads(search(store.latest_first(), query))) <= 1
