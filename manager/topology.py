"""What is to be served by what: the pipelines and the services with their endpoints, at one moment.

Knows neither where it came from nor Envoy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from catenary.address import TcpAddress


@dataclass(frozen=True, slots=True)
class Step:
    """`timeout_ms` 0: whatever is left of the pipeline's deadline."""

    service: str
    model: str
    timeout_ms: int
    retries: int


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst`: the most requests at once after a pause."""

    requests_per_s: float
    burst: int


@dataclass(frozen=True, slots=True)
class Limits:
    """None: not limited. `client_header` "": a client is known by its address alone."""

    pipeline: Rate | None
    client: Rate | None
    client_header: str = ""
    concurrent_requests: int | None = None


@dataclass(frozen=True, slots=True)
class Pipeline:
    name: str
    steps: tuple[Step, ...]
    timeout_ms: int
    limits: Limits | None = None
    transport: Literal["http", "grpc"] = "http"


@dataclass(frozen=True, slots=True)
class Topology:
    """`services` holds every service that is registered or that a pipeline names; one without endpoints has none up."""

    pipelines: tuple[Pipeline, ...]
    services: Mapping[str, tuple[TcpAddress, ...]]
