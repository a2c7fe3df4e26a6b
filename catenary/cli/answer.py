"""What a gateway says of a request beside its answer: the time of each step, the trace and the request id."""

from __future__ import annotations

import contextlib
import re
from dataclasses import asdict, dataclass
from typing import Any

import typer

from catenary import names
from catenary.client import Answer

# What stands between commas, and within that between semicolons, outside of quotes.
_ENTRY = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*")+')
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*")+')


@dataclass(frozen=True, slots=True)
class StepTime:
    """The time of one step, `model` at `service`; the gateway's whole is called `total`."""

    model: str
    service: str
    ms: float


def step_times(header: str) -> list[StepTime]:
    """The entries of a `server-timing` header that have a duration; what is not one is passed over."""
    times = []
    for entry in _ENTRY.findall(header):
        name, _, parameters = entry.partition(";")
        pairs = (parameter.strip().partition("=") for parameter in _PARAMETER.findall(parameters))
        values = {key.lower(): value.strip('"') for key, _, value in pairs}
        with contextlib.suppress(KeyError, ValueError):
            times.append(StepTime(name.strip(), values.get("desc", ""), float(values["dur"])))
    return times


def as_json(answer: Answer) -> dict[str, Any]:
    """Everything of an answer, for a program: `answer` is the body, a problem document where it failed."""
    return {
        "status": answer.status,
        "answer": answer.json(),
        "times": [asdict(time) for time in step_times(answer.headers.get(names.SERVER_TIMING, ""))],
        "trace_id": answer.headers.get(names.TRACE_ID),
        "request_id": answer.headers.get(names.REQUEST_ID),
    }


def print_facts(answer: Answer) -> None:
    """The times and ids, a line each."""
    for time in step_times(answer.headers.get(names.SERVER_TIMING, "")):
        at = f" at {time.service}" if time.service else ""
        typer.echo(f"{time.ms:10.2f} ms  {time.model}{at}")
    for label, header in (("trace", names.TRACE_ID), ("request", names.REQUEST_ID)):
        if value := answer.headers.get(header):
            typer.echo(f"{label:>13}  {value}")
