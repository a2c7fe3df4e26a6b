"""Which traces are asked for: the parameters of `GET /traces`, and whether a trace is one of those.

As Zipkin's server does it (`zipkin2.storage.QueryRequest`, 3.5).
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from manager.traces.span import Span

DAY_MS = 86_400_000


def _name(text: str) -> str | None:
    return text.lower() or None


_Name = Annotated[str, AfterValidator(_name)]
_AnyName = Annotated[_Name, AfterValidator(lambda name: None if name == "all" else name)]
_Positive = Annotated[int, Field(gt=0, lt=2**53)]


class TraceQuery(BaseModel):
    """`service_name`, where it is given, is whose spans the other conditions are about; durations are microseconds."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True)

    service_name: _Name | None = None
    remote_service_name: _Name | None = None
    span_name: _AnyName | None = None
    annotation_query: str = ""
    """`key=value` or `key`, of tags, or an annotation's text; several, all of which are asked for, with ` and `."""
    min_duration: _Positive | None = None
    max_duration: _Positive | None = None
    end_ts: _Positive = Field(default_factory=lambda: int(time.time() * 1000))
    """Milliseconds since 1970: the trace has begun by then, and not longer than `lookback` before."""
    lookback: _Positive = DAY_MS
    """In milliseconds."""
    limit: _Positive = 10

    @model_validator(mode="after")
    def _durations(self) -> Self:
        if self.max_duration is not None:
            if self.min_duration is None:
                raise ValueError("maxDuration is of use with minDuration only")
            if self.max_duration < self.min_duration:
                raise ValueError("maxDuration is less than minDuration")
        return self

    def matches(self, spans: Sequence[Span]) -> bool:
        """Whether the trace that consists of `spans` is asked for."""
        began_us = _began_us(spans)
        if not (self.end_ts - self.lookback) * 1000 <= began_us <= self.end_ts * 1000 or not began_us:
            return False
        own = [span for span in spans if self.service_name in (None, span.service)]
        return (
            any(self._lasted(span) for span in own)
            and self.remote_service_name in (None, *(span.remote_service for span in own))
            and self.span_name in (None, *(span.name for span in own))
            and all(_says(own, key, value) for key, value in _conditions(self.annotation_query).items())
        )

    def _lasted(self, span: Span) -> bool:
        us = span.duration or 0
        return (self.min_duration or 0) <= us <= (self.max_duration or us)


def _began_us(spans: Iterable[Span]) -> int:
    """When the root began, or without one the first span; 0: that is not known."""
    timed = [span for span in spans if span.timestamp]
    root = next((span for span in timed if span.parent_id is None), None)
    return (root and root.timestamp) or min((span.timestamp or 0 for span in timed), default=0)


def _conditions(query: str) -> dict[str, str]:
    conditions: dict[str, str] = {}
    for part in query.split(" and ") if query else ():
        key, is_tag, value = part.partition("=")
        if is_tag:
            conditions[key.strip()] = value.strip()
        else:
            conditions.setdefault(key.strip(), "")
    return conditions


def _says(spans: Iterable[Span], key: str, value: str) -> bool:
    """Whether a span has the tag, of that value if there is one; without one, an annotation of that text will do."""
    return any(
        (span.tags is not None and key in span.tags and value in ("", span.tags[key]))
        or (not value and any(annotation.value == key for annotation in span.annotations or ()))
        for span in spans
    )
