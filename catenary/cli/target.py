"""Which manager and which gateway a command talks to: the one named, else the local stack's, else the usual port's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from catenary.client import Client

if TYPE_CHECKING:
    from catenary.local.settings import LocalSettings
    from catenary.local.stack import Stack

ManagerUrl = Annotated[
    str | None,
    typer.Option("--manager", envvar="CATENARY_MANAGER", metavar="URL", help="The manager, by default the local one."),
]
GatewayUrl = Annotated[
    str | None,
    typer.Option("--gateway", envvar="CATENARY_GATEWAY", metavar="URL", help="The gateway, by default the local one."),
]


def manager_client(url: str | None) -> Client:
    return Client(url or _local("manager"))


def gateway_client(url: str | None, timeout_s: float) -> Client:
    return Client(url or _local("gateway"), timeout_s)


def local_stack() -> Stack | None:
    """The stack that is up on this machine."""
    from catenary.local.stack import StackFile

    return StackFile(_settings().state_dir).read()


def _local(part: Literal["manager", "gateway"]) -> str:
    if stack := local_stack():
        return stack.manager if part == "manager" else stack.gateway
    settings = _settings()
    return settings.manager_url if part == "manager" else settings.gateway_url


def _settings() -> LocalSettings:
    from catenary.local.settings import LocalSettings
    from catenary.settings import read_settings

    return read_settings(LocalSettings)
