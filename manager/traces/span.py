"""A span as Zipkin's v2 JSON has it, read as Zipkin's server reads it (`zipkin2.Span` and `V2SpanReader`, 3.5).

Ids are padded, names in lower case, zeros and empty values absent, and fields that nobody knows passed over.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    FailFast,
    Field,
    RootModel,
    StringConstraints,
    ValidationInfo,
)
from pydantic.alias_generators import to_camel

SPAN_BYTES = 16 * 1024
"""A larger span, as JSON, is kept without its tags and annotations."""
NAME_CHARACTERS = 256
"""Longer names are cut."""

_TRACE_ID = re.compile(r"[0-9a-f]{1,32}")


def trace_id(text: str) -> str:
    """`text` as 16 or 32 digits, 16 where the higher 64 bits are zero; ValueError where it is no trace's id."""
    if not _TRACE_ID.fullmatch(text) or not text.strip("0"):
        raise ValueError(f"{text[:40]!r} is not 1 to 32 hexadecimal digits in lower case, of which one is not 0")
    digits = text.zfill(16 if len(text) <= 16 else 32)
    return digits[16:] if len(digits) == 32 and not digits[:16].strip("0") else digits


def _span_id(text: str) -> str:
    if not text.strip("0"):
        raise ValueError("a span's id is not 0")
    return text.zfill(16)


def _parent_id(text: str, info: ValidationInfo) -> str | None:
    digits = text.zfill(16)
    return digits if text.strip("0") and digits != info.data.get("id") else None


def _name(text: str) -> str | None:
    return text[:NAME_CHARACTERS].lower() or None


def _tags(tags: dict[str, str]) -> dict[str, str] | None:
    """In one order, so that the same span is the same bytes."""
    return dict(sorted(tags.items())) or None


_Digits = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{1,16}$")]
_Name = Annotated[str, AfterValidator(_name)]
_Int64 = Annotated[int, Field(ge=-(2**63), lt=2**63)]
_Micros = Annotated[_Int64, AfterValidator(lambda us: us if us > 0 else None)]
_EMPTY_IS_NONE = AfterValidator(lambda value: value or None)
_Flag = Annotated[bool, _EMPTY_IS_NONE]


class _Read(BaseModel):
    # Zipkin's reader takes a number that is written as a string, and the other way round.
    model_config = ConfigDict(alias_generator=to_camel, frozen=True, coerce_numbers_to_str=True)


class Endpoint(_Read):
    service_name: _Name | None = None
    ipv4: Annotated[str, Field(max_length=45)] | None = None
    ipv6: Annotated[str, Field(max_length=45)] | None = None
    port: Annotated[int, Field(ge=0, le=65_535), _EMPTY_IS_NONE] | None = None


_NOBODY = Endpoint()
_Endpoint = Annotated[Endpoint, AfterValidator(lambda endpoint: None if endpoint == _NOBODY else endpoint)]


class Annotation(_Read):
    timestamp: _Int64
    value: str


class Span(_Read):
    """What one process saw of one operation; times in microseconds, `timestamp` since 1970."""

    trace_id: Annotated[str, AfterValidator(trace_id)]
    id: Annotated[_Digits, AfterValidator(_span_id)]
    parent_id: Annotated[_Digits, AfterValidator(_parent_id)] | None = None
    kind: Literal["CLIENT", "SERVER", "PRODUCER", "CONSUMER"] | None = None
    name: _Name | None = None
    timestamp: _Micros | None = None
    duration: _Micros | None = None
    local_endpoint: _Endpoint | None = None
    remote_endpoint: _Endpoint | None = None
    annotations: Annotated[tuple[Annotation, ...], _EMPTY_IS_NONE] | None = None
    tags: Annotated[dict[str, str], AfterValidator(_tags)] | None = None
    debug: _Flag | None = None
    shared: _Flag | None = None

    @property
    def service(self) -> str | None:
        """Who reported it."""
        return self.local_endpoint.service_name if self.local_endpoint else None

    @property
    def remote_service(self) -> str | None:
        """Who is said to be at the other end."""
        return self.remote_endpoint.service_name if self.remote_endpoint else None

    def as_json(self) -> bytes:
        """As Zipkin writes it; without tags and annotations where it would be larger than `SPAN_BYTES`."""
        written = self._written()
        if len(written) <= SPAN_BYTES:
            return written
        note = {"catenary.left_out": f"tags and annotations: the span had {len(written)} bytes"}
        return self.model_copy(update={"tags": note, "annotations": None})._written()

    def _written(self) -> bytes:
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class Spans(RootModel[Annotated[tuple[Span, ...], FailFast()]]):
    """What is posted: a list of spans, of any traces."""
