"""Spans as Zipkin's v2 JSON: OpenTelemetry's own exporter for it is deprecated."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from opentelemetry.sdk.resources import SERVICE_NAME
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import SpanKind, StatusCode, format_span_id, format_trace_id


def zipkin_json(spans: Sequence[ReadableSpan]) -> bytes:
    """What `POST /api/v2/spans` takes."""
    return orjson.dumps([_span(span) for span in spans])


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = span.context
    # Both ends cut to microseconds, so that what lies within a span still does.
    began_us, ended_us = (span.start_time or 0) // 1000, (span.end_time or 0) // 1000
    tags = {name: _text(value) for name, value in (span.attributes or {}).items()}
    if span.status.status_code is StatusCode.ERROR:
        tags["error"] = span.status.description or "true"
    written: dict[str, Any] = {
        "traceId": format_trace_id(context.trace_id),
        "id": format_span_id(context.span_id),
        "name": span.name,
        "timestamp": began_us,
        "duration": max(1, ended_us - began_us),
        "localEndpoint": {"serviceName": str(span.resource.attributes[SERVICE_NAME])},
        "tags": tags,
    }
    if span.parent:
        written["parentId"] = format_span_id(span.parent.span_id)
    if span.kind is not SpanKind.INTERNAL:
        written["kind"] = span.kind.name
    return written


def _text(value: object) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()
