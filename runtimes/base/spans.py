"""A request's progress as spans: one of the runtime's own below the sidecar's, and one below that for each stage.

Made when the request is over, and only if its caller says that its trace is kept.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    set_span_in_context,
)
from prometheus_client import Metric
from prometheus_client.core import CounterMetricFamily

from catenary import names
from catenary.errors import CatenaryError
from catenary.problem import status_of
from catenary.telemetry.context import Parent, sampled_parent
from runtimes.base.progress import Progress

if TYPE_CHECKING:
    from catenary.telemetry.tracing import Tracing

TAG_CHARACTERS = 1_000
"""Longer tags are cut: they may quote what a client sent."""


class Spans:
    """Those of a runtime of `type_`, made and sent by `tracing`; without it there are none."""

    def __init__(self, type_: str, tracing: Tracing | None) -> None:
        self._type = type_
        self._tracer = tracing.tracer if tracing else None
        self._shippings = tracing.shippings if tracing else {}

    def figures(self) -> Iterator[Metric]:
        """How many of them a collector did not get."""
        dropped = CounterMetricFamily(
            "catenary_spans_dropped", "Spans that a collector did not get.", labels=["collector"]
        )
        for name, shipping in self._shippings.items():
            dropped.add_metric([name], shipping.dropped)
        yield dropped

    @contextlib.contextmanager
    def of(self, progress: Progress, headers: Mapping[str, str]) -> Iterator[None]:
        """The request with these `headers` takes as long as the block; what the block raises is why it failed."""
        tracer = self._tracer
        if tracer is None or (parent := sampled_parent(headers)) is None:
            yield
            return
        error: str = ""
        status: int | None = 200
        try:
            yield
        except CatenaryError as failure:
            error, status = str(failure), int(status_of(failure))
            raise
        except asyncio.CancelledError:
            error, status = "the caller is gone", None
            raise
        except Exception as failure:
            error, status = f"{type(failure).__name__}: {failure}", 500
            raise
        finally:
            self._tell(tracer, parent, progress, headers, error, status)

    def _tell(
        self,
        tracer: Tracer,
        parent: Parent,
        progress: Progress,
        headers: Mapping[str, str],
        error: str,
        status: int | None,
    ) -> None:
        ended_ns = time.monotonic_ns()
        since_1970_ns = progress.began_at_ns - progress.began_ns
        tags = {
            "pipeline": progress.caller.pipeline,
            "step": progress.caller.step,
            "model": progress.model,
            "version": progress.version,
            "runtime": self._type,
            "rows": progress.rows,
            "request_id": headers.get(names.REQUEST_ID),
            "http.status_code": status,
        }
        caller = SpanContext(parent.trace_id, parent.span_id, is_remote=True, trace_flags=TraceFlags(1))
        whole = tracer.start_span(
            _legible(progress.model),
            set_span_in_context(NonRecordingSpan(caller)),
            SpanKind.SERVER,
            {
                name: _legible(value) if isinstance(value, str) else value
                for name, value in tags.items()
                if value not in ("", None)
            },
            start_time=since_1970_ns + progress.began_ns,
        )
        within = set_span_in_context(whole)
        for stage in tuple(progress.stages):
            # What is under way when the request is over has its end, too.
            end_ns, failure = (ended_ns, error) if stage.ended_ns is None else (stage.ended_ns, stage.error)
            part = tracer.start_span(stage.name, within, start_time=since_1970_ns + stage.began_ns)
            _end(part, failure, since_1970_ns + min(end_ns, ended_ns))
        _end(whole, error, since_1970_ns + ended_ns)


def _end(span: Span, error: str, at_ns: int) -> None:
    if error:
        span.set_status(Status(StatusCode.ERROR, _legible(error)))
    span.end(at_ns)


def _legible(text: str) -> str:
    """`text`, cut, and without what is not UTF-8, which a client may have sent."""
    return text[:TAG_CHARACTERS].encode(errors="replace").decode()
