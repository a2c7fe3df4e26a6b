"""Whose trace a request belongs to, and whether that is kept."""

from __future__ import annotations

import pytest

from catenary.telemetry.context import Parent, sampled_parent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
KEPT = Parent(int(TRACE, 16), int(SPAN, 16))


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE}-{SPAN}-01"},
        {"traceparent": f"00-{TRACE}-{SPAN}-03"},
        {"traceparent": f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like"},
        {"b3": f"{TRACE}-{SPAN}-1"},
        {"b3": f"{TRACE}-{SPAN}-d"},
        {"b3": f"{TRACE}-{SPAN}-1-05e3ac9a4f6e3b90"},
        {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1"},
        {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "true"},
        {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-flags": "1"},
        # One that contradicts itself.
        {"traceparent": f"00-{TRACE}-{SPAN}-01", "b3": f"{'1' * 32}-{'2' * 16}-0"},
        {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "1", "b3": f"{'1' * 32}-{'2' * 16}-0"},
        {"traceparent": "made up", "b3": f"{TRACE}-{SPAN}-1"},
    ],
    ids=str,
)
def test_a_trace_that_is_kept_is_gone_on_with_below_the_callers_span(headers: dict[str, str]) -> None:
    assert sampled_parent(headers) == KEPT


def test_b3s_short_ids_are_the_lower_half() -> None:
    assert sampled_parent({"b3": f"{SPAN}-{SPAN}-1"}) == Parent(KEPT.span_id, KEPT.span_id)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"traceparent": f"00-{TRACE}-{SPAN}-00"},
        {"traceparent": f"00-{TRACE}-{SPAN}-00", "b3": f"{TRACE}-{SPAN}-1"},
        {"traceparent": f"00-{TRACE}-{SPAN}-01-more"},
        {"traceparent": f"ff-{TRACE}-{SPAN}-01"},
        {"traceparent": f"00-{'0' * 32}-{SPAN}-01"},
        {"traceparent": f"00-{TRACE}-{'0' * 16}-01"},
        {"traceparent": f"00-{TRACE[1:]}-{SPAN}-01"},
        {"b3": "0"},
        {"b3": "1"},
        {"b3": f"{TRACE}-{SPAN}"},
        {"b3": f"{TRACE}-{SPAN}-0"},
        {"b3": f"{TRACE}-{SPAN}-1\n"},
        {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN},
        {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-sampled": "0"},
        {"x-b3-traceid": TRACE, "x-b3-sampled": "1"},
        {"x-b3-sampled": "1"},
    ],
    ids=str,
)
def test_what_is_not_kept_or_cannot_be_read_is_no_parent(headers: dict[str, str]) -> None:
    assert sampled_parent(headers) is None
