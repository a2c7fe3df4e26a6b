"""What a trace looks like: every span once, in its place, on any terminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary.cli.waterfall import lines, print_waterfall

BEGAN_US = 1_700_000_000_000_000


def span(id_: str, parent: str | None, service: str, name: str, at: int, took: int, **fields: Any) -> dict[str, Any]:
    own = {"localEndpoint": {"serviceName": service}, "name": name, "timestamp": BEGAN_US + at, "duration": took}
    return {"traceId": "7" * 32, "id": id_, **({"parentId": parent} if parent else {}), **own, **fields}


TRACE = [
    span("5", "4", "serving-localml-spark", "/pm_spark", 1_900, 1_200, tags={"http.status_code": "422"}),
    span("4", "1", "gateway", "serving-localml-spark", 1_700, 1_500, kind="CLIENT"),
    span("1", "the client's", "gateway", "endpointml", 0, 3_300, kind="SERVER"),
    span("3", "2", "serving-customscikit", "/pm_scikit", 400, 1_000),
    span("2", "1", "gateway", "async serving-customscikit egress", 200, 1_400, kind="CLIENT"),
]


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return [line.rstrip() for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_spans_stand_below_their_parents_in_the_order_of_time() -> None:
    assert [(line.depth, line.span["id"]) for line in lines(TRACE)] == [
        (0, "1"),
        (1, "2"),
        (2, "3"),
        (1, "4"),
        (2, "5"),
    ]


def test_times_are_from_the_traces_beginning_and_bars_lie_in_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    print_waterfall(TRACE)
    _, _, root, call, step, *_ = printed(capsys)
    assert root.split()[:6] == ["gateway", "endpointml", "0.00", "ms", "3.30", "ms"]
    assert step.split()[:6] == ["serving-customscikit", "/pm_scikit", "0.40", "ms", "1.00", "ms"]
    bars = [(line.index("█"), line.rindex("█")) for line in (root, call, step)]
    assert bars == sorted(bars, key=lambda bar: (bar[0], -bar[1]))
    assert len({*bars}) == 3


@pytest.mark.parametrize("columns", [200, 80, 60, 40])
def test_no_line_is_wider_than_the_terminal_and_times_stay_whole(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, columns: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    print_waterfall(TRACE)
    out = printed(capsys)
    table = [line for line in out if not line.startswith("!")]
    assert max(map(len, table)) <= columns
    assert all("ms" in line for line in table[2:])
    assert any("█" in line for line in table) == (columns > 40)


def test_what_failed_is_marked_and_said_without_colour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    cut = span(
        "6", "4", "gateway", "hop", 0, 1, tags={"error": "true", "http.status_code": "0", "response_flags": "UF"}
    )
    print_waterfall([*TRACE, cut])
    marked = [line for line in printed(capsys) if "!" in line]
    assert [line.split()[1] for line in marked] == [
        "gateway",
        "serving-localml-spark",
        *("gateway", "serving-localml-spark"),
    ]
    assert marked[2:] == ["! gateway hop: UF", "! serving-localml-spark /pm_spark: 422"]


def test_both_ends_of_a_call_that_share_an_id_are_shown_and_the_callers_is_above() -> None:
    shared = [
        span("2", "1", "b", "server", 20, 10, kind="SERVER", shared=True),
        span("2", "1", "a", "client", 10, 30, kind="CLIENT"),
        span("3", "2", "b", "inner", 22, 5),
        span("1", None, "a", "root", 0, 50, kind="SERVER"),
    ]
    assert [(line.depth, line.span["name"]) for line in lines(shared)] == [
        (0, "root"),
        (1, "client"),
        (2, "server"),
        (3, "inner"),
    ]


ids = st.sampled_from("123456")


@given(st.lists(st.tuples(ids, ids | st.none()), min_size=1))
def test_every_span_is_shown_once_whoever_is_said_to_be_its_parent(pairs: list[tuple[str, str | None]]) -> None:
    spans = [
        {"id": id_, "number": number} | ({"parentId": parent} if parent else {})
        for number, (id_, parent) in enumerate(pairs)
    ]
    assert sorted(line.span["number"] for line in lines(spans)) == list(range(len(spans)))


def test_a_span_that_says_next_to_nothing_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    print_waterfall([{"traceId": "7" * 16, "id": "1"}])
    assert printed(capsys)[2].split() == ["-", "-", "-"]


def test_a_span_without_a_time_has_none_beside_others_that_have(capsys: pytest.CaptureFixture[str]) -> None:
    print_waterfall([*TRACE, {"traceId": "7" * 32, "id": "8", "parentId": "1", "name": "whenever"}])
    (shown,) = [line for line in printed(capsys) if "whenever" in line]
    assert shown.split() == ["-", "whenever", "-", "-"]


def test_whatever_a_span_says_is_on_one_line_and_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    tags = {"error": "Traceback\n  \x1b[31mValueError\r\N{LINE SEPARATOR}"}
    print_waterfall([span("1", None, "a\x9b2J", "b\x1b]0;c\x07\nd", 0, 1, tags=tags)])
    *_, shown, said = printed(capsys)
    assert shown.split()[:5] == ["!", "a", "2J", "b", "]0;c"]
    assert said == "! a 2J b ]0;c d: Traceback [31mValueError"
