"""The last traces, in memory. Bounded in traces, in spans of a trace and in bytes; what is over a bound is forgotten.

Knows nothing of HTTP. A store is used by one thread; to search it takes a while, for which another may be used.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from manager.traces.query import TraceQuery
from manager.traces.span import Span

TRACE_SPANS = 1_000
"""Of a trace; later ones are not kept."""
STORE_BYTES = 32 * 1024 * 1024
"""Of all spans, as JSON."""


@dataclass(slots=True)
class _Trace:
    # A dictionary, so that a span that is posted twice is kept once.
    spans: dict[bytes, None] = field(default_factory=dict)
    names: set[tuple[str, str | None]] = field(default_factory=set)
    """A service and the name of a span that it reported."""
    size_bytes: int = 0
    last_us: int = 0
    """When the latest span began."""


class TraceStore:
    """Keeps `most_traces` traces: those whose first spans came last."""

    def __init__(self, most_traces: int, most_bytes: int = STORE_BYTES) -> None:
        self.most_traces = most_traces
        self._most_bytes = most_bytes
        self._bytes = 0
        self._traces: dict[str, _Trace] = {}
        # A late span of a trace that has had to go would come back as a trace of its own, and another would go for it.
        self._forgotten: dict[str, None] = {}

    def add(self, spans: Iterable[Span]) -> None:
        for span in spans:
            if span.trace_id not in self._forgotten:
                self._add(span)
        while len(self._traces) > self.most_traces or self._bytes > self._most_bytes:
            self._forget_the_first()

    def trace(self, trace_id: str) -> bytes | None:
        """The spans of a trace, a JSON array in the order in which they came."""
        trace = self._traces.get(trace_id)
        return _array(trace.spans) if trace else None

    def traces(self, trace_ids: Iterable[str]) -> bytes:
        """Those of them that are known, a JSON array of arrays."""
        return _array(_array(trace.spans) for trace_id in trace_ids if (trace := self._traces.get(trace_id)))

    def latest_first(self) -> list[list[bytes]]:
        """The spans of each trace, copied, so that they can be looked through while others come."""
        return [list(trace.spans) for trace in sorted(self._traces.values(), key=lambda trace: -trace.last_us)]

    def services(self) -> list[str]:
        return sorted({service for service, _ in self._names()})

    def span_names(self, service: str) -> list[str]:
        return sorted({name for reporter, name in self._names() if reporter == service and name})

    def _names(self) -> Iterator[tuple[str, str | None]]:
        return (name for trace in self._traces.values() for name in trace.names)

    def _add(self, span: Span) -> None:
        trace = self._traces.setdefault(span.trace_id, _Trace())
        written = span.as_json()
        if written in trace.spans or len(trace.spans) == TRACE_SPANS:
            return
        trace.spans[written] = None
        trace.size_bytes += len(written)
        trace.last_us = max(trace.last_us, span.timestamp or 0)
        self._bytes += len(written)
        if span.service:
            trace.names.add((span.service, span.name))

    def _forget_the_first(self) -> None:
        trace_id = next(iter(self._traces))
        self._bytes -= self._traces.pop(trace_id).size_bytes
        self._forgotten[trace_id] = None
        if len(self._forgotten) > self.most_traces:
            del self._forgotten[next(iter(self._forgotten))]


def search(traces: Iterable[Sequence[bytes]], query: TraceQuery) -> bytes:
    """Those of `traces` that are asked for, a JSON array of arrays."""
    matching = (spans for spans in traces if query.matches([Span.model_validate_json(span) for span in spans]))
    return _array(_array(spans) for spans in itertools.islice(matching, query.limit))


def _array(documents: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(documents) + b"]"
