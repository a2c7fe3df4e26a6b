"""`catenary sidecar`: an HTTP or gRPC server behind an Envoy of its own, as an instance of a service."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from catenary.sidecar import SidecarSettings


def register(app: typer.Typer) -> None:
    app.command(context_settings={"allow_interspersed_args": False})(sidecar)


def sidecar(
    command: Annotated[list[str], typer.Argument(metavar="COMMAND", help="The server, with its own arguments.")],
    service: Annotated[str | None, typer.Option(help="The service that it is an instance of.")] = None,
    port: Annotated[
        int | None,
        typer.Option(help="Where it listens on 127.0.0.1 by itself; without it on the socket CATENARY_LISTEN names."),
    ] = None,
    app_protocol: Annotated[
        str | None, typer.Option(metavar="http|grpc", help="What it speaks.", show_default="http")
    ] = None,
    health_path: Annotated[
        str | None, typer.Option(help="Answers when it is well; /health, or with --port / and anything under 500.")
    ] = None,
    listen: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Where its Envoy takes requests.")] = None,
    advertise: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where others reach that Envoy, if not there.")
    ] = None,
    role: Annotated[str | None, typer.Option(help="gateway or sidecar.", show_default="sidecar")] = None,
    manager: Annotated[str | None, typer.Option(metavar="URL", help="Where it registers; more with commas.")] = None,
    xds: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Where its Envoy is configured: host:port, unix:/path; more with commas."),
    ] = None,
    instance_version: Annotated[str | None, typer.Option(help="The version that the registry shows.")] = None,
    body_bytes: Annotated[int | None, typer.Option(help="The largest body that is taken.")] = None,
    start_timeout_s: Annotated[float | None, typer.Option(help="How long it may take to become ready.")] = None,
    drain_s: Annotated[float | None, typer.Option(help="How long requests may take to end when it stops.")] = None,
    stop_s: Annotated[float | None, typer.Option(help="How long after TERM it is killed.")] = None,
    run_dir: Annotated[Path | None, typer.Option(help="Where the folder for its sockets is made.")] = None,
) -> None:
    """Run any HTTP or gRPC server as an instance of a service: start it and its Envoy, register it while it is well.

    Each option may also be given as an environment variable: --health-path is CATENARY_HEALTH_PATH. Where
    neither --manager nor --xds is given it joins the local stack. The exit status is the server's; 0 after TERM.

    [bold]Examples[/bold]

    catenary sidecar --service serving-mine --port 9000 -- ./my-server --flag

    catenary pipeline create mine serving-mine/predict
    """
    from catenary.settings import read_settings
    from catenary.sidecar import SidecarSettings, run

    settings = read_settings(
        SidecarSettings,
        service=service,
        port=port,
        app_protocol=app_protocol,
        health_path=health_path,
        listen=listen,
        advertise=advertise,
        role=role,
        manager=manager,
        xds=xds,
        instance_version=instance_version,
        body_bytes=body_bytes,
        start_timeout_s=start_timeout_s,
        drain_s=drain_s,
        stop_s=stop_s,
        run_dir=run_dir,
    )
    if not settings.model_fields_set & {"manager", "xds"}:
        settings = _joined_to_local_stack(settings)
    raise typer.Exit(run(settings, command))


def _joined_to_local_stack(settings: SidecarSettings) -> SidecarSettings:
    """With the local stack's addresses, or as they are where a manager answers at the usual port; else SetupError."""
    from catenary import names
    from catenary.cli.target import local_stack
    from catenary.client import Client
    from catenary.settings import urls

    if stack := local_stack():
        return settings.model_copy(update={"manager": stack.manager, "xds": stack.xds})
    Client(urls(settings.manager)[0], timeout_s=2).call("GET", names.HEALTH_PATH)
    return settings
