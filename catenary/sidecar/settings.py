"""What the sidecar supervisor is told by its flags and its environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from catenary import names
from catenary.messages import IpAddressText, Name
from catenary.node import AppProtocol, Role
from catenary.settings import AddressesText, Settings, TcpAddressText, UrlsText


class SidecarSettings(Settings):
    """One instance of `service`; durations are in seconds."""

    service: Annotated[Name, Field(max_length=119)]
    """The service that the app is an instance of; an instance's id is its service's name and nine characters."""

    role: Role = "sidecar"
    """`gateway` for the Envoy at the edge, that runs the chains; `sidecar` for every other."""

    instance_version: str = ""
    """What the registry shows as the instance's version."""

    manager: UrlsText = f"http://127.0.0.1:{names.MANAGER_PORT}"
    """The manager's API, where the instance registers; several managers with commas between them."""

    xds: AddressesText = "127.0.0.1:18000"
    """The manager's xDS, where the Envoy gets its configuration; several with commas between them."""

    listen: IpAddressText | None = None
    """Where the Envoy takes requests, as host:port; without it a free port of the loopback."""

    advertise: TcpAddressText | None = None
    """Where others reach the Envoy, as host:port, if that is not `listen`. Without it a wildcard in `listen` stands for
    this machine's address on the way to the manager."""

    metrics: IpAddressText | None = None
    """Where `GET /metrics` of the instance is served, for Prometheus, as host:port; without it a free port of the
    loopback. Clients need not reach it."""

    port: int | None = Field(None, ge=1, le=65535)
    """The port of 127.0.0.1 on which the app listens by itself, for an app that knows nothing of Catenary: it is also
    given as `PORT`. Without it the app has to listen on the Unix socket that `CATENARY_LISTEN` names."""

    app_protocol: AppProtocol = "http"
    """What the app speaks: `http` is HTTP/1.1; `grpc` is gRPC, or anything else in HTTP/2 without TLS (h2c, with prior
    knowledge)."""

    health_path: str | None = Field(None, pattern="^/")
    """The path that has to answer 2xx or 3xx. Without it `/health`; or, with `port`, `/` with any answer under 500; or,
    of an app that speaks gRPC, the method `grpc.health.v1.Health/Check` with SERVING. A server without that method is
    well while it answers."""

    health_timeout_s: float = Field(2.0, gt=0)
    """How long one health check may take."""

    hang_s: float = Field(4.0, ge=0)
    """How long an app with a health path of its own, or one that speaks gRPC, may go on answering nothing there, not
    even an error, after a first check that found it so: then it is killed, and whatever keeps the sidecar starts it
    again. 0: for ever."""

    health_file: Path | None = None
    """A file that is touched at each health check that passes: what asks after a container need ask nobody else."""

    body_bytes: int = Field(names.DEFAULT_BODY_BYTES, ge=1)
    """The largest body that the Envoy takes, in bytes."""

    start_timeout_s: float = Field(60.0, gt=0)
    """How long the app may take until it first passes its health check through the Envoy."""

    drain_s: float = Field(10.0, gt=0)
    """How long, when stopping, requests under way may take to end."""

    stop_s: float = Field(10.0, ge=0)
    """How long the app, and then the Envoy, may take to end after TERM; then KILL follows."""

    run_dir: Path = Path("/tmp")  # noqa: S108 (a private folder is made inside)
    """Where the private folder for sockets is made; short, because a socket's path has at most 100 bytes."""
