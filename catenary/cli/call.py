"""`catenary call`: one request through a pipeline."""

from __future__ import annotations

import json
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer

from catenary import names
from catenary.cli import answer as answers
from catenary.cli.output import FAILED, JsonFlag, complain, print_json
from catenary.cli.rows import as_rows, print_rows
from catenary.cli.target import GatewayUrl, ManagerUrl, gateway_client, manager_client
from catenary.cli.trace import fetch_trace
from catenary.cli.waterfall import print_waterfall
from catenary.client import Answer
from catenary.errors import CatenaryError

PATIENCE_S = 5.0
"""Beyond the request's own deadline, for the gateway to say that it is over."""


def register(app: typer.Typer) -> None:
    app.command()(call)


def call(
    pipeline: Annotated[str, typer.Argument(metavar="PIPELINE", help="The pipeline's name.")],
    data: Annotated[
        str,
        typer.Option("--data", "-d", metavar="JSON|@FILE|-", help="The rows: JSON, @FILE, or - for stdin."),
    ],
    timeout_s: Annotated[
        float, typer.Option(min=0.001, help="The request's deadline, in seconds.")
    ] = names.DEFAULT_TIMEOUT_S,
    traced: Annotated[
        bool, typer.Option("--trace", help="Have the request traced, and show it as `catenary trace` does.")
    ] = False,
    gateway: GatewayUrl = None,
    manager: ManagerUrl = None,
    as_json: JsonFlag = False,
) -> None:
    """Send rows through a pipeline; print the answer, the time of each step, the trace id and the request id.

    [bold]Examples[/bold]

    catenary call endpointML -d @models/custom/pm_scikit/request.json

    catenary call iris -d '[{"sepal_length": 5.1, "sepal_width": 3.5}]' --json

    catenary call iris -d @models/scikit/iris/request.json --trace
    """
    body = _read(data)
    client = gateway_client(gateway, timeout_s + PATIENCE_S)
    headers = {"content-type": names.JSON_TYPE, names.TIMEOUT_MS: str(round(timeout_s * 1000))}
    if traced:
        headers["traceparent"] = f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"
    answer = client.send("POST", f"{names.SERVE_PATH}/{quote(pipeline, safe='')}", body, headers)
    error = answer.error()
    if error:
        complain(str(error))
    spans: list[dict[str, Any]] = []
    if as_json:
        document = answers.as_json(answer)
        if traced:
            spans = _spans(answer, manager)
            document["trace"] = spans
        print_json(document)
    else:
        if not error:
            value = answer.json()
            rows = as_rows(value)
            print_rows(rows) if rows else print_json(value)
        answers.print_facts(answer)
        if traced and (spans := _spans(answer, manager)):
            print_waterfall(spans)
    if error or (traced and not spans):
        raise typer.Exit(FAILED)


def _spans(answer: Answer, manager: str | None) -> list[dict[str, Any]]:
    """The trace of an answer that is there in any case; without one that is complained of, and none."""
    trace_id = answer.headers.get(names.TRACE_ID)
    if trace_id is None:
        complain("what answered has traced nothing: this is no answer of a pipeline")
        return []
    try:
        return fetch_trace(manager_client(manager), trace_id)
    except CatenaryError as fault:
        complain(str(fault))
        return []


def _read(data: str) -> bytes:
    """The body that `data` names, if it is JSON."""
    if data == "-":
        body = sys.stdin.buffer.read()
    elif data.startswith("@"):
        try:
            body = Path(data[1:]).read_bytes()
        except OSError as error:
            raise typer.BadParameter(f"{data[1:]} cannot be read: {error.strerror}", param_hint="--data") from error
    else:
        body = data.encode()
    try:
        json.loads(body)
    except ValueError as error:
        hint = "; @FILE names a file" if Path(data).exists() else ""
        raise typer.BadParameter(f"this is not JSON: {error}{hint}", param_hint="--data") from error
    return body
