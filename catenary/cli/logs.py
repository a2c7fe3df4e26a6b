"""`catenary logs`: what the parts of the stack on this machine have written, and write."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from catenary.errors import NotFound, SetupError

if TYPE_CHECKING:
    from pathlib import Path
    from threading import Event

    from catenary.local.log_records import PartLog, Record

POLL_S = 0.2
COLOURS = ("cyan", "yellow", "green", "magenta", "blue", "bright_cyan", "bright_yellow", "bright_green")


def register(app: typer.Typer) -> None:
    app.command()(logs)


def logs(
    parts: Annotated[
        list[str] | None, typer.Argument(help="Of these parts alone: `gateway`, `serving-scikit`; default: of all.")
    ] = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what is written, until Ctrl-C or the stack's end.")
    ] = False,
    request: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Only what is about one request: its `x-request-id` or its `x-trace-id`."),
    ] = None,
    lines: Annotated[
        int | None,
        typer.Option("--lines", "-n", min=0, help="Only the last so many, each with its traceback; default: all."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print an object a record, each on a line.")] = False,
) -> None:
    """Show the logs of the stack's parts, merged by time: of the stack that is up, or of the last one.

    Each request to a pipeline has a line of the gateway's; what other parts wrote for it has the same ids.

    [bold]Examples[/bold]

    catenary logs -f

    catenary logs gateway -n 20

    catenary logs --request 7e6f7c1a-6b1c-4b55-9d0e-2a8f1f3c4d5e
    """
    from catenary.cli.interrupt import interruptible
    from catenary.cli.stack import local_settings
    from catenary.local.log_records import merged

    state_dir = local_settings().state_dir
    files = _files(state_dir, parts or [])
    show = _print_json if as_json else _Printer(list(files)).show
    # A search looks through everything, the last lines of a file are found from its end.
    with _opened(files, None if request else lines) as opened, interruptible() as pressed:
        there = _about(request, merged(opened))
        later = _about(request, _written_later(opened, state_dir, pressed)) if follow else ()
        for record in itertools.chain(there if lines is None else deque(there, maxlen=lines), later):
            show(record)


def _files(state_dir: Path, parts: Sequence[str]) -> dict[str, Path]:
    """The log of each of `parts`, or of all."""
    from catenary.local.log_files import present_logs

    known = present_logs(state_dir)
    if not known:
        raise SetupError(f"no stack has run yet (state folder {state_dir}): `catenary up` starts one")
    for part in parts:
        if part not in known:
            raise NotFound("part", part, known, reason=f"those that have written are {', '.join(known)}")
    return {part: known[part] for part in parts} or known


@contextlib.contextmanager
def _opened(files: Mapping[str, Path], lines: int | None) -> Iterator[list[PartLog]]:
    from catenary.local.log_records import PartLog

    with contextlib.ExitStack() as stack:
        try:
            opened = [stack.enter_context(closing(PartLog(part, file, lines))) for part, file in files.items()]
        except OSError as error:
            raise SetupError(f"the log {error.filename} cannot be read: {error.strerror}") from error
        yield opened


def _about(request: str | None, records: Iterable[Record]) -> Iterator[Record]:
    return (record for record in records if request is None or record.is_about(request))


def _written_later(opened: Sequence[PartLog], state_dir: Path, pressed: Event) -> Iterator[Record]:
    """What is written from now on, until `pressed` is set, or no stack is up and its last words have been read."""
    from catenary.local.log_records import merged
    from catenary.local.stack import StackFile

    stack = StackFile(state_dir)
    is_up = True
    while is_up and not pressed.is_set():
        is_up = stack.is_held()
        yield from merged(opened)
        if is_up:
            pressed.wait(POLL_S)


class _Printer:
    """Says on each line whose it is, where there are several parts: in a colour of its own, if this is a terminal."""

    def __init__(self, parts: Sequence[str]) -> None:
        width = max(map(len, parts))
        colours = dict(zip(parts, itertools.cycle(COLOURS), strict=False))
        self._prefixes = {part: typer.style(f"{part:<{width}} |", fg=colours[part]) + " " for part in parts}
        if len(parts) == 1:
            self._prefixes = dict.fromkeys(parts, "")
        self._colour = False if os.environ.get("NO_COLOR") else None

    def show(self, record: Record) -> None:
        for line in record.text.split("\n"):
            typer.echo(self._prefixes[record.part] + line, color=self._colour)


def _print_json(record: Record) -> None:
    document = {"part": record.part, "time_s": record.time_s or None, "text": record.text}
    typer.echo(json.dumps(document, ensure_ascii=False))
