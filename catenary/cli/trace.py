"""`catenary trace`: what happened to one request, span by span."""

from __future__ import annotations

import re
import time
from typing import Annotated, Any

import typer

from catenary import names
from catenary.cli.output import JsonFlag, print_json, remark
from catenary.cli.target import ManagerUrl, manager_client
from catenary.cli.waterfall import print_waterfall
from catenary.client import Client
from catenary.errors import RequestError

PATIENCE_S = 5.0
"""For a trace of which nothing is there yet, or not everything."""
LATE_S = 1.5
"""After a span's end, until it is there: an Envoy sends its spans once a second."""
POLL_S = 0.2


def register(app: typer.Typer) -> None:
    app.command()(trace)


def trace(
    trace_id: Annotated[str, typer.Argument(metavar="ID", help="The trace's id, as `x-trace-id` has it.")],
    manager: ManagerUrl = None,
    as_json: JsonFlag = False,
) -> None:
    """Show a request's way through the chain as a waterfall: every call and step, when it began and how long it took.

    The spans come from the manager, which keeps the last traces of a local stack, or asks the Zipkin server that does.
    A request that has only just been answered is waited for: its spans take a second.

    [bold]Examples[/bold]

    catenary trace 1e0d9a3c5b7f4f0f8a9d2c4b6e8f0a1b

    catenary call iris -d @models/scikit/iris/request.json --trace
    """
    wanted = trace_id.strip().lower()
    if not re.fullmatch("[0-9a-f]{1,32}", wanted):
        raise typer.BadParameter(f"{trace_id!r} is not 1 to 32 hexadecimal digits", param_hint="ID")
    spans = fetch_trace(manager_client(manager), wanted)
    print_json(spans) if as_json else print_waterfall(spans)


def fetch_trace(manager: Client, trace_id: str) -> list[dict[str, Any]]:
    """The spans of a trace, waited for where it is so young that some may be under way.

    Raises RequestError if there is no such trace when `PATIENCE_S` are over.
    """
    deadline, told = time.monotonic() + PATIENCE_S, False
    while True:
        answer = manager.send("GET", f"{names.ZIPKIN_PATH}/trace/{trace_id}")
        error = answer.error()
        if error and answer.status != 404:
            raise error
        spans = [] if error else list(answer.json())
        if spans and not _is_young(spans):
            return spans
        if time.monotonic() > deadline:
            break
        if not told:
            remark(f"waiting for the spans of trace {trace_id}, which are sent once a second")
            told = True
        time.sleep(POLL_S)
    if not spans:
        raise RequestError(f"{error or f'trace {trace_id} is empty'}; perhaps it was not sampled")
    return spans


def _is_young(spans: list[dict[str, Any]]) -> bool:
    """Whether its last span has ended so lately that others may come. A clock that is ahead makes it young for ever."""
    end_us = max(int(span.get("timestamp", 0) + span.get("duration", 0)) for span in spans)
    return time.time() - end_us / 1e6 < LATE_S
