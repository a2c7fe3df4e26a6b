from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from catenary.cli.answer import StepTime, step_times

TOKENS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", min_size=1)
QUOTED = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters='"\\'))
DURATIONS = st.integers(0, 10**9).map(lambda us: us / 1000)


def test_the_gateways_header_gives_a_time_for_each_step_and_the_whole():
    header = (
        'pm_scikit;dur=1.250;desc="serving-customscikit", pm_spark;dur=2;desc="serving-localml-spark", total;dur=3.3'
    )
    assert step_times(header) == [
        StepTime("pm_scikit", "serving-customscikit", 1.25),
        StepTime("pm_spark", "serving-localml-spark", 2.0),
        StepTime("total", "", 3.3),
    ]


def test_entries_without_a_duration_are_passed_over():
    assert step_times('miss, cache;desc="Cache Read", bad;dur=fast, db;Dur=53') == [StepTime("db", "", 53.0)]


def test_no_header_gives_no_times():
    assert step_times("") == []


@given(st.lists(st.tuples(TOKENS, QUOTED, DURATIONS)))
def test_what_was_written_is_read_again(entries: list[tuple[str, str, float]]):
    header = ", ".join(f'{name};dur={ms:.3f};desc="{service}"' for name, service, ms in entries)
    assert step_times(header) == [StepTime(name, service, ms) for name, service, ms in entries]


@given(st.text() | st.text(',;="\\ adur0'))
@example(";")
def test_no_header_makes_it_fail(header: str):
    step_times(header)
