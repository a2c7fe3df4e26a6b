"""Rows of an answer as a table that a person can read: long values are cut, many columns run downwards."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from catenary.cli.output import print_table, remark

CELL_CHARACTERS = 50
MOST_ROWS = 20
LIST_ITEMS = 4
"""A longer list shows its first three items."""


def as_rows(value: Any) -> list[dict[str, Any]] | None:
    """`value` if it is a list of rows, else None."""
    return value if isinstance(value, list) and value and all(isinstance(row, dict) for row in value) else None


def print_rows(rows: Sequence[dict[str, Any]]) -> None:
    """A line a row; where there are more columns than rows, a line a column."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    shown = rows[:MOST_ROWS]
    if len(columns) > len(shown):
        headers = ["column", *(f"row {number}" for number in range(len(shown)))]
        print_table(headers, [[column, *(cell_text(row.get(column)) for row in shown)] for column in columns])
    else:
        print_table(columns, [[cell_text(row.get(column)) for column in columns] for row in shown])
    if len(rows) > MOST_ROWS:
        remark(f"{len(rows) - MOST_ROWS} more rows: --json prints them all")


def cell_text(value: object, most_characters: int = CELL_CHARACTERS) -> str:
    """A value in at most `most_characters` characters."""
    if isinstance(value, float):
        text = f"{value:.6g}"
    elif isinstance(value, list):
        cut = [f"... {len(value)} values"] if len(value) > LIST_ITEMS else []
        text = f"[{', '.join([*map(cell_text, value[:3] if cut else value), *cut])}]"
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= most_characters else f"{text[: most_characters - 3]}..."
