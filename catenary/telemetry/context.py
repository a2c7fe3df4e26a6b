"""The trace that a request belongs to, as its headers say: W3C's `traceparent`, or B3 in several headers or in one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TRACEPARENT = re.compile(r"(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_B3 = re.compile(r"([0-9a-f]{16}|[0-9a-f]{32})-([0-9a-f]{16})(?:-([01d])(?:-[0-9a-f]{16})?)?")


@dataclass(frozen=True, slots=True)
class Parent:
    """The span that a request was sent in."""

    trace_id: int
    span_id: int


def sampled_parent(headers: Mapping[str, str]) -> Parent | None:
    """The caller's span, if its trace is kept; None: it is not, nothing is said, or what is said cannot be read.

    An Envoy writes `traceparent` and the form of B3 that it was sent for the same span. Of a client that contradicts
    itself `traceparent` counts, then several headers, then `b3`.
    """
    if (text := headers.get("traceparent")) and (found := _TRACEPARENT.fullmatch(text)):
        version, trace, span, flags, more = found.groups()
        if version != "00" or more is None:
            return _parent(trace, span) if int(flags, 16) & 1 else None
    if trace := headers.get("x-b3-traceid"):
        state = "d" if headers.get("x-b3-flags") == "1" else headers.get("x-b3-sampled", "0")
        text = f"{trace}-{headers.get('x-b3-spanid', '')}-{state.replace('true', '1')}"
    else:
        text = headers.get("b3")
    if text and (found := _B3.fullmatch(text)) and found[3] in ("1", "d"):
        return _parent(found[1], found[2])
    return None


def _parent(trace: str, span: str) -> Parent | None:
    parent = Parent(int(trace, 16), int(span, 16))
    return parent if parent.trace_id and parent.span_id else None
