"""Spans as OTLP's JSON (1.9, `opentelemetry/proto/trace/v1`), which every receiver of OTLP over HTTP takes.

OpenTelemetry's own encoder brings a package `opentelemetry.proto`; xds-protos brings another one, of which one half
would lie over the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import StatusCode, format_span_id, format_trace_id


def otlp_json(spans: Sequence[ReadableSpan]) -> bytes:
    """An `ExportTraceServiceRequest`; `spans` are those of one tracer, at least one."""
    resource = {"attributes": _attributes(spans[0].resource.attributes)}
    scope = spans[0].instrumentation_scope
    written: dict[str, Any] = {"spans": [_span(span) for span in spans]}
    if scope:
        written["scope"] = {"name": scope.name, "version": scope.version}
    return orjson.dumps({"resourceSpans": [{"resource": resource, "scopeSpans": [written]}]})


def _span(span: ReadableSpan) -> dict[str, Any]:
    context, status = span.context, span.status
    written: dict[str, Any] = {
        "traceId": format_trace_id(context.trace_id),
        "spanId": format_span_id(context.span_id),
        "name": span.name,
        # OpenTelemetry's numbers for kinds begin at 0, those on the wire at 1, where 0 says nothing.
        "kind": span.kind.value + 1,
        # Integers of 64 bits are strings in protobuf's JSON.
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
        "status": {},
    }
    if span.parent:
        written["parentSpanId"] = format_span_id(span.parent.span_id)
    if status.status_code is StatusCode.ERROR:
        written["status"] = {"code": status.status_code.value, "message": status.description or ""}
    return written


def _attributes(attributes: Mapping[str, object]) -> list[dict[str, Any]]:
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value: object) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": str(value)}
