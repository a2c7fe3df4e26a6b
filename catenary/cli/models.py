"""`catenary model`: what the repository holds and who serves it."""

from __future__ import annotations

import typer

from catenary import names
from catenary.cli.output import JsonFlag, print_json, print_table, remark
from catenary.cli.target import ManagerUrl, manager_client


def register(app: typer.Typer) -> None:
    group = typer.Typer(no_args_is_help=True, help="Models of the repository.")
    group.command("list")(list_models)
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
