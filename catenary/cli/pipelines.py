"""`catenary pipeline`: create, list, show and delete pipelines."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer

from catenary import names
from catenary.cli.output import JsonFlag, print_json, print_table, remark
from catenary.cli.target import ManagerUrl, manager_client

Name = Annotated[str, typer.Argument(metavar="NAME", help="The pipeline's name.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Create, list, show and delete pipelines.")
    group.command("create")(create)
    group.command("list")(list_pipelines)
    group.command("show")(show)
    group.command("delete")(delete)
    app.add_typer(group, name="pipeline")


def create(
    name: Name,
    steps: Annotated[
        list[str],
        typer.Argument(metavar="STEP...", help="<service>/<model>, or a JSON object with service, model and options."),
    ],
    timeout_s: Annotated[
        float | None, typer.Option(help="The deadline of a request, in seconds.", show_default="60")
    ] = None,
    transport: Annotated[str, typer.Option(metavar="http|grpc", help="How it is called.")] = "http",
    limits: Annotated[
        str | None,
        typer.Option(metavar="JSON", help="requests_per_s, burst, concurrent_requests and per_client, as in the API."),
    ] = None,
    manager: ManagerUrl = None,
    as_json: JsonFlag = False,
) -> None:
    """Create a pipeline, or replace the one of that name; print its state and what it waits for.

    [bold]Examples[/bold]

    catenary pipeline create endpointML serving-customscikit/pm_scikit serving-localml-spark/pm_spark

    catenary pipeline create wine '{"service": "serving-scikit", "model": "wine", "retries": 0}' --timeout-s 5

    catenary pipeline create iris serving-scikit/iris --limits '{"requests_per_s": 100, "concurrent_requests": 16}'
    """
    message: dict[str, Any] = {"name": name, "transportType": transport, "chain": [_step(step) for step in steps]}
    if timeout_s is not None:
        message["timeout_s"] = timeout_s
    if limits is not None:
        message["limits"] = _json(limits, "--limits")
    pipeline = manager_client(manager).call("POST", names.PIPELINES_PATH, message)
    print_json(pipeline) if as_json else _print_one(pipeline)


def list_pipelines(manager: ManagerUrl = None, as_json: JsonFlag = False) -> None:
    """All pipelines and their states."""
    pipelines = manager_client(manager).call("GET", names.PIPELINES_PATH)
    if as_json:
        print_json(pipelines)
    elif not pipelines:
        remark("there are no pipelines: `catenary pipeline create NAME STEP...` makes one")
    else:
        print_pipelines(pipelines)


def show(name: Name, manager: ManagerUrl = None, as_json: JsonFlag = False) -> None:
    """One pipeline, and what it waits for."""
    pipeline = manager_client(manager).call("GET", _path(name))
    print_json(pipeline) if as_json else _print_one(pipeline)


def delete(name: Name, manager: ManagerUrl = None, as_json: JsonFlag = False) -> None:
    """Delete a pipeline; requests to it are answered with 404 from then on."""
    deleted = manager_client(manager).call("DELETE", _path(name))
    print_json(deleted) if as_json else remark(f"pipeline {name} is deleted")


def print_pipelines(pipelines: list[dict[str, Any]]) -> None:
    """A table, and below it a line for each thing that a pipeline waits for."""
    limited = any("limits" in pipeline for pipeline in pipelines)
    mixed = any(pipeline["transportType"] != "http" for pipeline in pipelines)
    print_table(
        ("name", "state", "timeout", *(["transport"] if mixed else []), *(["limits"] if limited else []), "chain"),
        [
            (
                *(pipeline["name"], pipeline["state"], f"{pipeline['timeout_s']:g} s"),
                *([pipeline["transportType"]] if mixed else []),
                *(["\n".join(limit_texts(pipeline.get("limits", {})))] if limited else []),
                "\n".join(step_text(step) for step in pipeline["chain"]),
            )
            for pipeline in pipelines
        ],
    )
    for pipeline in pipelines:
        for wait in waits(pipeline):
            typer.echo(f"{pipeline['name']} waits for {wait}")


def waits(pipeline: dict[str, Any]) -> list[str]:
    """What a pipeline waits for, a sentence each."""
    return [f"step {wait['step']}: {wait['detail']}" for wait in pipeline["waiting_for"]]


def step_text(step: str | dict[str, Any]) -> str:
    """A step as people write it: its short form, options behind it."""
    if isinstance(step, str):
        return step
    options = [f"{key}={value}" for key, value in step.items() if key not in ("service", "model")]
    return " ".join([f"{step['service']}/{step['model']}", *options])


def limit_texts(limits: dict[str, Any]) -> list[str]:
    """A pipeline's limits as people write them."""
    texts = [_rate_text(limits)] if "requests_per_s" in limits else []
    if "concurrent_requests" in limits:
        texts.append(f"{limits['concurrent_requests']} at once")
    if client := limits.get("per_client"):
        by = f" by {client['header']}" if "header" in client else ""
        texts.append(f"{_rate_text(client)} per client{by}")
    return texts


def _rate_text(rate: dict[str, Any]) -> str:
    burst = f", burst {rate['burst']}" if "burst" in rate else ""
    return f"{rate['requests_per_s']:g}/s{burst}"


def _print_one(pipeline: dict[str, Any]) -> None:
    print_pipelines([pipeline])


def _path(name: str) -> str:
    return f"{names.PIPELINES_PATH}/{quote(name, safe='')}"


def _step(text: str) -> Any:
    return _json(text, "STEP") if text.startswith("{") else text


def _json(text: str, parameter: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text} is not JSON: {error}", param_hint=parameter) from error
