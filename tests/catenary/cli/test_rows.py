from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary.cli.rows import CELL_CHARACTERS, MOST_ROWS, as_rows, cell_text, print_rows

JSON = st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a [bold]text[/bold]", "a [bold]text[/bold]"),
        (0.1 + 0.2, "0.3"),
        (None, "null"),
        (True, "true"),
        ([0.1 + 0.2, 1], "[0.3, 1]"),
        (list(range(31)), "[0, 1, 2, ... 31 values]"),
        ({"a": 1}, '{"a": 1}'),
    ],
)
def test_a_cell_shows_the_value_in_short(value: object, text: str):
    assert cell_text(value) == text


@given(JSON)
def test_no_cell_is_too_long(value: object):
    assert len(cell_text(value)) <= CELL_CHARACTERS


def test_many_columns_run_downwards(capsys: pytest.CaptureFixture[str]):
    print_rows([{"a": 1, "b": "[red]x", "c": None}])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["column", "row", "0"]
    assert lines[2:] == [["a", "1"], ["b", "[red]x"], ["c", "null"]]


def test_few_columns_run_across(capsys: pytest.CaptureFixture[str]):
    print_rows([{"a": 1}, {"a": 2}])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines[0] == ["a"]
    assert lines[2:] == [["1"], ["2"]]


def test_rows_that_are_not_shown_are_counted(capsys: pytest.CaptureFixture[str]):
    print_rows([{"a": number} for number in range(MOST_ROWS + 3)])
    assert "3 more rows" in capsys.readouterr().err


@pytest.mark.parametrize("value", [[], {}, [1], [{"a": 1}, 2], "text", None])
def test_what_is_not_a_list_of_rows_is_not_taken_for_one(value: object):
    assert as_rows(value) is None
