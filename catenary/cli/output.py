"""What is printed: results on standard output, as tables or as JSON; everything else on standard error."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from rich.console import Console

FAILED: Final = 1
WRONG_SETUP: Final = 2

PIPE_COLUMNS = 200
"""The width of a table that goes into a file or a pipe, where COLUMNS does not say another."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print the result as JSON, alone on standard output.")]


def complain(sentence: str) -> None:
    """What went wrong, for a person."""
    typer.echo(f"catenary: {sentence}", err=True)


def remark(sentence: str) -> None:
    """What a person should know and a program need not."""
    typer.echo(sentence, err=True)


def print_json(value: object) -> None:
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table; cells are printed as they are, nothing in them is markup.

    Where the width does not suffice the last column is folded, and then the others are cut with an ellipsis.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for position, column in enumerate(columns):
        last = position == len(columns) - 1
        table.add_column(Text(column), overflow="fold" if last else "ellipsis", no_wrap=not last)
    for row in rows:
        table.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    console().print(table)


def console() -> Console:
    """Standard output, as wide as the terminal is."""
    from rich.console import Console

    own_width = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(file=sys.stdout, width=None if own_width else PIPE_COLUMNS)


class Progress:
    """Says what happens, with the seconds since the command began."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def say(self, sentence: str) -> None:
        # A terminal that has gone must not keep a stack from stopping.
        with contextlib.suppress(OSError):
            typer.echo(f"{self.elapsed_s:6.1f} s  {sentence}", err=True)
