"""Spans as Zipkin and as OTLP have them, field by field. Real servers read them in `test_whole_trace.py`."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import (
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)

from catenary.telemetry.otlp import otlp_json
from catenary.telemetry.zipkin import zipkin_json

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = SpanContext(int(TRACE, 16), int(SPAN, 16), is_remote=True, trace_flags=TraceFlags(1))


class Kept(SpanProcessor):
    def __init__(self) -> None:
        self.spans: list[ReadableSpan] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.spans.append(span)


@pytest.fixture
def spans() -> list[ReadableSpan]:
    """A request of 1.5 µs that failed, without its parts."""
    kept = Kept()
    provider = TracerProvider(ALWAYS_ON, Resource({"service.name": "serving-mine"}), shutdown_on_exit=False)
    provider.add_span_processor(kept)
    tracer: Tracer = provider.get_tracer("test", "1")
    tags: dict[str, Any] = {"model": "m", "rows": 2, "share": 0.5, "late": True}
    within = set_span_in_context(NonRecordingSpan(CALLER))
    span = tracer.start_span("m", within, SpanKind.SERVER, tags, start_time=1_700_000_000_000_000_999)
    span.set_status(Status(StatusCode.ERROR, "too large"))
    span.end(1_700_000_000_000_002_499)
    return kept.spans


def test_a_span_as_otlp_has_it(spans: list[ReadableSpan]) -> None:
    assert json.loads(otlp_json(spans)) == {
        "resourceSpans": [
            {
                "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "serving-mine"}}]},
                "scopeSpans": [
                    {
                        "scope": {"name": "test", "version": "1"},
                        "spans": [
                            {
                                "traceId": TRACE,
                                "spanId": f"{spans[0].context.span_id:016x}",
                                "parentSpanId": SPAN,
                                "name": "m",
                                "kind": 2,
                                "startTimeUnixNano": "1700000000000000999",
                                "endTimeUnixNano": "1700000000000002499",
                                "attributes": [
                                    {"key": "model", "value": {"stringValue": "m"}},
                                    {"key": "rows", "value": {"intValue": "2"}},
                                    {"key": "share", "value": {"doubleValue": 0.5}},
                                    {"key": "late", "value": {"boolValue": True}},
                                ],
                                "status": {"code": 2, "message": "too large"},
                            }
                        ],
                    }
                ],
            }
        ]
    }


def test_a_span_as_zipkin_has_it_whose_ends_are_whole_microseconds(spans: list[ReadableSpan]) -> None:
    assert json.loads(zipkin_json(spans)) == [
        {
            "traceId": TRACE,
            "id": f"{spans[0].context.span_id:016x}",
            "parentId": SPAN,
            "kind": "SERVER",
            "name": "m",
            "timestamp": 1_700_000_000_000_000,
            "duration": 2,
            "localEndpoint": {"serviceName": "serving-mine"},
            "tags": {"model": "m", "rows": "2", "share": "0.5", "late": "true", "error": "too large"},
        }
    ]
