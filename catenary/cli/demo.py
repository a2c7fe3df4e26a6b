"""`catenary demo`: the product-matching chain from one command."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from catenary import names
from catenary.cli import answer as answers
from catenary.cli.output import FAILED, JsonFlag, Progress, complain, print_json, print_table
from catenary.cli.rows import cell_text
from catenary.cli.stack import GatewayPort, ManagerPort, Models, RepositoryPort, local_settings, run_stack
from catenary.cli.target import local_stack
from catenary.errors import SetupError

if TYPE_CHECKING:
    from catenary.local.demo import Demonstration
    from catenary.local.stack import Stack

TITLE_CHARACTERS = 26
"""So that the table fits into 80 columns."""


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    once: Annotated[bool, typer.Option("--once", help="Stop by itself; status 0 if the answer was right.")] = False,
    models: Models = None,
    manager_port: ManagerPort = None,
    gateway_port: GatewayPort = None,
    repository_port: RepositoryPort = None,
    as_json: JsonFlag = False,
) -> None:
    """Start the stack, create the pipeline endpointML and send it two pairs of products.

    Stays up until Ctrl-C. If a stack is up already, that one is used and left as it is.

    [bold]Examples[/bold]

    catenary demo

    catenary demo --once --json
    """
    progress = Progress()

    def show(stack: Stack) -> int | None:
        status = _show(stack, progress, as_json=as_json, hint="" if once else "Ctrl-C stops the stack.")
        return status if once or status else None

    if running := local_stack():
        if running.state != "ready":
            raise SetupError(f"the stack of process {running.pid} is {running.state}: wait for that, then try again")
        progress.say(f"uses the stack that is up already (process {running.pid}), and leaves it up")
        raise typer.Exit(_show(running, progress, as_json=as_json, hint="`catenary down` stops the stack."))
    status = run_stack(local_settings(models, manager_port, gateway_port, repository_port), progress, show)
    raise typer.Exit(status)


def _show(stack: Stack, progress: Progress, *, as_json: bool, hint: str) -> int:
    """Do the demo on a stack that is up; returns the exit status."""
    from catenary.local.demo import LABELS, PIPELINE, serve_demo

    demonstration = serve_demo(stack)
    total_s = progress.elapsed_s
    progress.say(f"pipeline {PIPELINE} has answered")
    if as_json:
        facts = {"right": demonstration.right, "seconds_to_answer": round(total_s, 3)}
        print_json(facts | answers.as_json(demonstration.answer))
    else:
        _print(stack, demonstration, total_s)
        if hint:
            _print_next(stack, hint)
    if demonstration.right:
        return 0
    complain(f"the answer is not right: predictionLabel should be {LABELS}")
    return FAILED


def _print(stack: Stack, demonstration: Demonstration, total_s: float) -> None:
    rows = [
        (
            *(cell_text(sent[title], TITLE_CHARACTERS) for title in ("Title1", "Title2")),
            *(row.get("predictionLabel"), _probability(row.get("probability"))),
        )
        for sent, row in zip(demonstration.sent, demonstration.rows, strict=True)
    ]
    print_table(("product 1", "product 2", "the same?", "probability"), rows)
    answers.print_facts(demonstration.answer)
    typer.echo(f"\nFirst answer after {total_s:.1f} s. Logs are in {stack.logs}.")


def _print_next(stack: Stack, hint: str) -> None:
    """Where to look next, while the stack is up."""
    from catenary.local.demo import PIPELINE, request_file

    json_type = f'-H "Content-Type: {names.JSON_TYPE}"'
    program = _program()
    typer.echo(
        f"""Where to look next, from another shell:

  curl {json_type} -X POST -d @{request_file()} {stack.gateway}{names.SERVE_PATH}/{PIPELINE}
  curl {stack.manager}{names.PIPELINES_PATH}
  curl {stack.repository}/index
  {program} status
  {program} call {PIPELINE} -d @{request_file()}

A folder copied into {stack.models}/scikit is a model a second later. {hint}"""
    )


def _probability(values: object) -> str | None:
    return f"{max(values):.2f}" if isinstance(values, list) and values else None


def _program() -> str:
    """How to call this program from a shell: by its name if that finds it, else by its path."""
    installed = Path(sys.executable).parent / "catenary"
    on_path = shutil.which("catenary")
    return "catenary" if on_path and Path(on_path).resolve() == installed.resolve() else str(installed)
