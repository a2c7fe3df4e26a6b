"""A trace as a waterfall: a line a span, below the span that it belongs to, and a bar for when it was."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import typer

from catenary.cli.output import console

Span = dict[str, Any]
"""Zipkin's v2 JSON."""

LABEL_CHARACTERS = (18, 60)
"""The least that a label has, on a terminal too narrow for a bar beside it, and the most."""
BAR_CHARACTERS = (14, 60)
"""The least that a bar has, for which labels are cut, and the most."""
_OTHER_CHARACTERS = 2 * len("999.99 ms") + 10
"""The two columns with times, and what is between and around columns."""


@dataclass(frozen=True, slots=True)
class Line:
    """A span and how many are above it."""

    depth: int
    span: Span

    @property
    def label(self) -> str:
        service = self.span.get("localEndpoint", {}).get("serviceName", "-")
        return _printable(f"{service} {self.span.get('name', '')}")

    @property
    def error(self) -> str:
        """What went wrong, in a few words; empty: nothing did."""
        tags = self.span.get("tags", {})
        status, said = tags.get("http.status_code", ""), tags.get("error", "")
        failed = said or (status.isdecimal() and int(status) >= 400)
        details = (
            status.strip("0") and status,
            said if said != "true" else "",
            tags.get("response_flags", "-").strip("-"),
        )
        return (_printable(" ".join(details)) or "failed") if failed else ""


def lines(spans: Sequence[Span]) -> list[Line]:
    """Each span once, after its parent; a span whose parent is not here stands alone.

    Of spans that share an id (both ends of one call, as B3 allows) the caller's is above the other's.
    """
    by_id: dict[str, list[Span]] = {}
    for span in sorted(spans, key=lambda span: (span.get("kind") != "CLIENT", _began_us(span))):
        by_id.setdefault(span["id"], []).append(span)
    children: dict[str | None, list[str]] = {}
    for id_, (span, *_) in sorted(by_id.items(), key=lambda item: _began_us(item[1][0])):
        parent = span.get("parentId")
        children.setdefault(parent if parent in by_id else None, []).append(id_)
    found: list[Line] = []
    # What is in a circle has no top: one of it is taken for that.
    waiting = [(0, id_) for id_ in reversed([*children.get(None, []), *by_id])]
    while waiting:
        depth, id_ = waiting.pop()
        sharing = by_id.pop(id_, [])
        found += [Line(depth + below, span) for below, span in enumerate(sharing)]
        waiting += [(depth + len(sharing), child) for child in reversed(children.pop(id_, []))]
    return found


def print_waterfall(spans: Sequence[Span]) -> None:
    """A table as wide as the terminal; below it, what went wrong."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    shown = lines(spans)
    began_us = min((_began_us(span) for span in spans if _began_us(span)), default=0)
    whole_us = max(1, *(_began_us(span) + span.get("duration", 0) - began_us for span in spans))
    out = console()
    labels, bars = _widths(out.width, max(len(_labelled(line)) for line in shown))
    block = "#" if out.options.ascii_only else "█"

    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("span", width=labels, no_wrap=True, overflow="ellipsis")
    table.add_column("start", justify="right", no_wrap=True)
    table.add_column("took", justify="right", no_wrap=True)
    if bars:
        table.add_column("", width=bars, no_wrap=True, overflow="crop")
    for line in shown:
        offset_us = _began_us(line.span) - began_us if _began_us(line.span) else None
        took_us = line.span.get("duration")
        cells = [_labelled(line), _time(offset_us), _time(took_us)]
        if bars:
            bar = "" if offset_us is None else _bar(offset_us / whole_us, (took_us or 0) / whole_us, bars, block)
            cells.append(bar)
        table.add_row(*(Text(cell) for cell in cells), style="red" if line.error else None)
    out.print(table)
    for line in shown:
        if line.error:
            typer.echo(f"! {line.label}: {line.error}")


def _printable(text: str) -> str:
    """`text` on one line, of nothing that steers a terminal: a span says what its reporter likes."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _labelled(line: Line) -> str:
    return ("! " if line.error else "  ") + "  " * line.depth + line.label


def _widths(whole: int, longest_label: int) -> tuple[int, int]:
    """The characters of labels and of bars; no bars where there is no room for both."""
    room = whole - _OTHER_CHARACTERS
    if room < LABEL_CHARACTERS[0] + BAR_CHARACTERS[0]:
        return max(1, room), 0
    bars = max(BAR_CHARACTERS[0], room - min(longest_label, LABEL_CHARACTERS[1]))
    return min(longest_label, room - bars), min(bars, BAR_CHARACTERS[1])


def _began_us(span: Span) -> int:
    return int(span.get("timestamp", 0))


def _time(us: int | None) -> str:
    """With its unit; a span need not say when it began, nor how long it took."""
    if us is None:
        return "-"
    return f"{us / 1000:.2f} ms" if us < 1_000_000 else f"{us / 1_000_000:.2f} s"


def _bar(start: float, length: float, characters: int, block: str) -> str:
    """`start` and `length` as shares of the whole; at least one character is drawn."""
    first = max(0, min(round(start * characters), characters - 1))
    return " " * first + block * max(1, round((start + length) * characters) - first)
