"""`catenary model`: what the repository holds and who serves it, and Spark models as one file."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated

import typer

from catenary import names
from catenary.cli.output import FAILED, WRONG_SETUP, JsonFlag, complain, print_json, print_table, remark
from catenary.cli.target import ManagerUrl, manager_client

Saved = Annotated[Path, typer.Argument(metavar="FOLDER", help="The folder that Spark's `save` wrote.")]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="A new folder, or that of a model compiled before.")]


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Models of the repository.")
    group.command("list")(list_models)
    group.command("compile")(compile_model)
    app.add_typer(group, name="model")


def list_models(manager: ManagerUrl = None, as_json: JsonFlag = False) -> None:
    """All models, the service that serves each, and why one is not served."""
    models = manager_client(manager).call("GET", names.MODELS_PATH)
    if as_json:
        print_json(models)
    elif not models:
        remark("there are no models: copy a folder to <models>/<runtime>/<model>/")
    else:
        columns = ("name", "runtime", "service", "state", "version")
        print_table(columns, [[model.get(column) or None for column in columns] for model in models])
        for model in models:
            if reason := model.get("reason"):
                typer.echo(f"{model['name']}: {reason}")


def compile_model(folder: Saved, out: Out, as_json: JsonFlag = False) -> None:
    """Make one file of a Spark model; it loads faster, and without pyarrow.

    OUT is then served as FOLDER is, wherever FOLDER could be: it answers alike. Files that lie beside those of Spark,
    such as README.md and request.json, are copied.

    [bold]Examples[/bold]

    catenary model compile my-pipeline models/spark/my-model
    """
    from catenary.local.extras import require_installed
    from catenary.local.parts import RUNTIME_MODULES

    require_installed(("numpy", "pyarrow"), "a saved Spark model", "spark-local")
    command = (sys.executable, "-m", f"{RUNTIME_MODULES['spark']}.compile", str(folder), str(out))
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        complain(done.stderr.strip() or f"the compiler ended with status {done.returncode}")
        raise typer.Exit(WRONG_SETUP if done.returncode == WRONG_SETUP else FAILED)
    made = json.loads(done.stdout)
    if as_json:
        print_json(made)
        return
    typer.echo(f"{made['file']}: {made['size_bytes']:,} bytes")
    for columns in ("inputs", "outputs"):
        typer.echo(f"  {columns:<8} {', '.join(made[columns])}")
