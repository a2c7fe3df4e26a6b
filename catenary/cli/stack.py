"""`catenary up`, `down` and `status`: the stack on this machine."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from catenary import names
from catenary.cli.output import FAILED, JsonFlag, Progress, complain, print_json, print_table, remark
from catenary.errors import CatenaryError
from catenary.local.stack import Stack

if TYPE_CHECKING:
    from catenary.local.launcher import WhenReady
    from catenary.local.settings import LocalSettings

Models = Annotated[
    Path | None,
    typer.Option("--models", help="The folder of models; default: ./models, else the examples."),
]
ManagerPort = Annotated[
    int | None, typer.Option(min=1, max=65535, help=f"The manager's port; default: {names.MANAGER_PORT}.")
]
GatewayPort = Annotated[
    int | None, typer.Option(min=1, max=65535, help=f"The gateway's port; default: {names.GATEWAY_PORT}.")
]
RepositoryPort = Annotated[
    int | None, typer.Option(min=1, max=65535, help=f"The repository's port; default: {names.REPOSITORY_PORT}.")
]


def register(app: typer.Typer) -> None:
    app.command()(up)
    app.command()(down)
    app.command()(status)


def up(
    models: Models = None,
    manager_port: ManagerPort = None,
    gateway_port: GatewayPort = None,
    repository_port: RepositoryPort = None,
    detach: Annotated[
        bool, typer.Option("--detach", "-d", help="Return when the stack is ready; it stays up.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Start the whole stack on this machine: manager, gateway, repository and runtimes, each with its Envoy.

    Stays up until Ctrl-C, or with --detach until `catenary down`. A part that dies is started again. Everything listens
    on the loopback only. Logs and state are in the user's state folder, or in CATENARY_STATE_DIR.

    [bold]Examples[/bold]

    catenary up --models ./models

    catenary up -d && catenary status
    """
    progress = Progress()
    settings = local_settings(models, manager_port, gateway_port, repository_port)
    if detach:
        from catenary.local import background

        started = background.start(settings, lambda text: typer.echo(text, err=True, nl=False))
        if isinstance(started, int):
            raise typer.Exit(started)
        print_stack(started, as_json=as_json, hint="`catenary down` stops it.")
        return

    def when_ready(stack: Stack) -> None:
        print_stack(stack, as_json=as_json, hint="Ctrl-C stops it.")

    raise typer.Exit(run_stack(settings, progress, when_ready))


def down(as_json: JsonFlag = False) -> None:
    """Stop the stack; returns when nothing of it runs any more."""
    from catenary.local import background

    stopped = background.stop(local_settings())
    if as_json:
        print_json({"stopped": stopped is not None, "pid": stopped.pid if stopped else None})
    else:
        remark(f"the stack of process {stopped.pid} is down" if stopped else "no stack is up")


def status(as_json: JsonFlag = False) -> None:
    """Show the parts of the stack and its pipelines; the exit status is 0 if every part is ready, else 1."""
    from catenary.cli.target import local_stack

    stack = local_stack()
    if stack is None:
        if as_json:
            print_json({"up": False})
        else:
            complain("no stack is up: `catenary up` starts one")
        raise typer.Exit(FAILED)
    parts, pipelines = _parts(stack), _pipelines(stack)
    if as_json:
        print_json({"up": True, **stack.as_json(), "parts": parts, "pipelines": pipelines})
    else:
        _print_status(stack, parts, pipelines)
    if any(part["state"] != "ready" for part in parts):
        raise typer.Exit(FAILED)


def local_settings(
    models: Path | None = None,
    manager_port: int | None = None,
    gateway_port: int | None = None,
    repository_port: int | None = None,
) -> LocalSettings:
    from catenary.local.settings import LocalSettings
    from catenary.settings import read_settings

    return read_settings(
        LocalSettings,
        model_directory=models,
        manager_port=manager_port,
        gateway_port=gateway_port,
        repository_port=repository_port,
    )


def run_stack(settings: LocalSettings, progress: Progress, when_ready: WhenReady) -> int:
    """Be the launcher of a stack, in the foreground; returns the exit status."""
    from catenary import logs
    from catenary.local import launcher

    logs.configure("launcher", settings.log_level, settings.log_format)
    return launcher.run(settings, progress.say, when_ready)


def print_stack(stack: Stack, *, as_json: bool, hint: str) -> None:
    """Where everything of a stack that is up is to be found."""
    if as_json:
        print_json(stack.as_json())
        return
    places = {
        "gateway": f"{stack.gateway}{names.SERVE_PATH}/<pipeline>",
        "manager": f"{stack.manager}{names.PIPELINES_PATH}",
        "repository": f"{stack.repository}/index",
        "models": stack.models,
        "logs": stack.logs,
    }
    for name, place in places.items():
        typer.echo(f"  {name:<11} {place}")
    typer.echo(f"The stack is up. {hint}")


def _parts(stack: Stack) -> list[dict[str, Any]]:
    """What the record says of each part, and what the manager knows of it."""
    from catenary.client import Client
    from catenary.local.parts import MANAGER
    from catenary.local.readiness import manager_answers, serving_instances

    manager = Client(stack.manager, timeout_s=2)
    instances = serving_instances(manager)
    documents = []
    for part in stack.parts:
        instance = instances.get(part.name)
        ready = manager_answers(manager) if part.name == MANAGER else instance is not None
        state = "ready" if ready and part.pid else "starting" if part.pid else "down"
        models = (instance or {}).get("models") or []
        documents.append(
            {**dataclasses.asdict(part), "state": state, "address": (instance or {}).get("address"), "models": models}
        )
    return documents


def _pipelines(stack: Stack) -> list[dict[str, Any]]:
    from catenary.client import Client

    try:
        return list(Client(stack.manager, timeout_s=2).call("GET", names.PIPELINES_PATH))
    except CatenaryError:
        return []


def _print_status(stack: Stack, parts: list[dict[str, Any]], pipelines: list[dict[str, Any]]) -> None:
    from catenary.cli.pipelines import print_pipelines

    rows = []
    for part in parts:
        place = part["url"] or (f"http://{part['address']}" if part["address"] else None)
        rows.append((part["name"], part["state"], part["pid"], part["restarts"], place))
    print_table(("part", "state", "pid", "restarts", "url"), rows)
    for part in parts:
        if part["models"]:
            typer.echo(f"{part['name']} has {', '.join(_model_text(model) for model in part['models'])}")
    if pipelines:
        print_pipelines(pipelines)
    where = f"models {stack.models}, logs {stack.logs}, Prometheus's targets {stack.targets}"
    typer.echo(f"The stack of process {stack.pid} is {stack.state}; {where}")


def _model_text(model: dict[str, Any]) -> str:
    name, state = model["name"], model["state"]
    return name if state == "ready" else f"{name} ({state})"
