"""The manager's settings."""

from __future__ import annotations

from pathlib import Path

from platformdirs import user_state_path
from pydantic import Field

from catenary import names
from catenary.settings import AddressText, Settings


class ManagerSettings(Settings):
    listen: AddressText = f"127.0.0.1:{names.MANAGER_PORT}"
    """Where the REST API listens, `host:port`."""

    xds: AddressText = "127.0.0.1:18000"
    """Where Envoys get their configuration (ADS over gRPC): `host:port` or `unix:/path`."""

    state_dir: Path = Field(default_factory=lambda: user_state_path("catenary"))
    """The folder of the embedded store."""

    lease_s: float = Field(5.0, ge=0.5, le=300)
    """An instance that has not renewed itself for so many seconds is gone."""

    acknowledge_s: float = Field(1.0, ge=0, le=30)
    """How long a write waits for the gateways to take it in, before it answers `pending`."""

    zipkin: str = Field("", pattern=r"^(http://[^/:\s]+(:\d{1,5})?(/\S*)?)?$")
    """The Zipkin server that every Envoy sends its spans to, such as `http://zipkin:9411`; empty: nothing is traced."""

    trace_percent: float = Field(100.0, ge=0, le=100)
    """The share of requests whose spans are sent. A request that comes with a decision of its caller's keeps that; one
    with an `x-request-id` that is no UUID, by which Envoy draws lots, is traced on its caller's decision only."""
