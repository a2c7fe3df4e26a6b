"""All commands under one name, and what holds for every one of them: errors, exit statuses, `--version`."""

from __future__ import annotations

import io
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from catenary import __version__
from catenary.cli import call, demo, logs, models, pipelines, sidecar, stack, top, trace
from catenary.cli.output import FAILED, WRONG_SETUP, complain
from catenary.errors import CatenaryError, SetupError


class Commands(TyperGroup):
    """Turns an error that was raised on purpose into its sentence and an exit status; all others are faults of ours."""

    def invoke(self, ctx: Any) -> Any:
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                # Rows may hold what this terminal cannot write.
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except CatenaryError as error:
            complain(str(error))
            raise typer.Exit(WRONG_SETUP if isinstance(error, SetupError) else FAILED) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Serves machine-learning models as chains, through Envoy.",
    epilog="Exit status: 0 done; 1 the request failed, or its answer was not right; 2 wrong usage or setup;"
    " 130 interrupted. Messages go to standard error, results to standard output.",
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"catenary {__version__}")
        raise typer.Exit


@app.callback()
def _all(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None: ...


for module in (stack, logs, demo, pipelines, models, call, trace, top, sidecar):
    module.register(app)
