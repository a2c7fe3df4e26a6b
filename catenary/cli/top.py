"""`catenary top`: what the pipelines and their steps do just now, as a table that is drawn again and again."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from catenary.cli.output import JsonFlag, console, print_json
from catenary.cli.target import ManagerUrl, manager_client
from catenary.errors import SetupError

if TYPE_CHECKING:
    from rich.console import JustifyMethod, RenderableType
    from rich.text import Text

    from catenary.cli.mesh_reader import View
    from catenary.cli.traffic import PipelineTraffic, StepTraffic, Traffic

COLUMNS = ("pipeline", "state", "req/s", "4xx/s", "5xx/s", "p50", "p99", "retries/s", "up", "given up")
_TEXTS = ("pipeline", "given up")
"""The columns that are cut where the width does not suffice; the others hold figures."""
_WIDE = 100
"""On fewer columns than these, the last of the table is left out."""
_HEAD_LINES = 5
"""Beside pipelines and notes: the columns' names, a rule, two blank lines, and how many pipelines there are."""
_NOTES = 3
"""As many of what cannot be read are named."""


def register(app: typer.Typer) -> None:
    app.command()(top)


def top(
    interval_s: Annotated[
        # An Envoy adds to its histograms once a second.
        float, typer.Option("--interval", min=1.0, max=86_400.0, metavar="SECONDS", help="Over which rates are taken.")
    ] = 2.0,
    once: Annotated[bool, typer.Option("--once", help="One table, of all pipelines, after one interval.")] = False,
    manager: ManagerUrl = None,
    as_json: JsonFlag = False,
) -> None:
    """Show what pipelines and steps do just now, until Ctrl-C: requests, errors, latencies; the busiest first.

    A pipeline's figures are what its clients see, at all gateways together; a step's are what its instances have
    answered, tries that were repeated among them. Retries are those of the step's service, for all pipelines; "up" are
    its instances; "given up" is what failed, by the gateway's kinds. With --json it is shown once.

    [bold]Examples[/bold]

    catenary top

    catenary top --once --interval 10 --json
    """
    from catenary.cli.interrupt import interruptible
    from catenary.cli.mesh_reader import MeshReader

    screen = console()
    if not (once or as_json or screen.is_terminal):
        raise SetupError("standard output is no terminal: --once prints one table")
    with MeshReader(manager_client(manager)) as mesh:
        if once or as_json:
            time.sleep(interval_s)
            view = mesh.view()
            print_json(view.document()) if as_json else screen.print(drawn(view, screen.width))
            return
        from rich.live import Live

        with interruptible() as pressed, Live(console=screen, screen=True, auto_refresh=False) as live:
            live.update(f"reading for {interval_s:g} s", refresh=True)
            # What lay between two readings is what the figures are taken over, however long a reading takes.
            while not pressed.wait(interval_s):
                live.update(drawn(mesh.view(), *screen.size), refresh=True)


def drawn(view: View, width: int, height: float = math.inf) -> RenderableType:
    """The table, of no more than `height` lines: the busiest pipelines that fit, and how many others there are."""
    from rich import box
    from rich.console import Group
    from rich.table import Table

    notes = _notes(view.unread)
    shown = list(_that_fit(view.pipelines, height - _HEAD_LINES - len(notes)))
    columns = COLUMNS if width >= _WIDE else COLUMNS[:-1]
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    for column in columns:
        is_text = column in _TEXTS
        side: JustifyMethod = "left" if is_text or column == "state" else "right"
        table.add_column(_cell(column), justify=side, no_wrap=not is_text)
    for pipeline in shown:
        table.add_row(*_pipeline_row(pipeline)[: len(columns)])
        for at, step in enumerate(pipeline.steps, 1):
            table.add_row(*_step_row(at, step)[: len(columns)])
    more = len(view.pipelines) - len(shown)
    count = f"{len(view.pipelines)} pipelines" if len(view.pipelines) != 1 else "1 pipeline"
    summary = f"{count}{f', {more} of them not shown' if more else ''}; {view.interval_s:.1f} s"
    return Group(table, _cell(summary, "dim"), *notes)


def _that_fit(pipelines: Sequence[PipelineTraffic], lines: float) -> Iterable[PipelineTraffic]:
    for pipeline in pipelines:
        lines -= 1 + len(pipeline.steps)
        if lines < 0:
            return
        yield pipeline


def _pipeline_row(pipeline: PipelineTraffic) -> list[Text]:
    return [
        _cell(pipeline.name, "bold"),
        _cell(pipeline.state, "" if pipeline.state == "ready" else "yellow"),
        *_traffic_cells(pipeline.traffic),
        _cell(""),
        _cell(""),
        _given_up(pipeline.traffic),
    ]


def _step_row(at: int, step: StepTraffic) -> list[Text]:
    return [
        _cell(f"  {at} {step.service}/{step.model}"),
        _cell(""),
        *_traffic_cells(step.traffic),
        _rate(step.retries_per_s, "yellow"),
        _cell(str(step.instances), "" if step.instances else "red"),
        _given_up(step.traffic),
    ]


def _traffic_cells(traffic: Traffic) -> list[Text]:
    figures = traffic.document()
    return [
        _rate(traffic.requests_per_s),
        _rate(traffic.with_status("4"), "yellow"),
        _rate(traffic.with_status("5"), "red"),
        _cell(_time(figures["p50_s"])),
        _cell(_time(figures["p99_s"])),
    ]


def _given_up(traffic: Traffic) -> Text:
    return _cell(", ".join(f"{kind} {_number(rate)}/s" for kind, rate in traffic.worst_failures().items()), "red")


def _rate(per_s: float, style: str = "") -> Text:
    return _cell(_number(per_s), style) if per_s else _cell("0", "dim")


def _number(per_s: float) -> str:
    """Three digits, where there are as many; what is there at all is never 0."""
    return f"{per_s:,.0f}" if per_s >= 99.95 else f"{per_s:.1f}" if per_s >= 0.05 else "<0.1"


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "-"
    return f"{seconds:.2f} s" if seconds >= 0.9995 else f"{seconds * 1e3:.3g} ms"


def _notes(unread: Mapping[str, str]) -> list[Text]:
    notes = [_cell(f"{name} is not read: {reason}", "yellow") for name, reason in unread.items()]
    more = [_cell(f"{len(notes) - _NOTES} more are not read", "yellow")] if len(notes) > _NOTES else []
    return notes[:_NOTES] + more


def _cell(text: str, style: str = "") -> Text:
    from rich.text import Text

    return Text(text, style, no_wrap=True, overflow="ellipsis")
