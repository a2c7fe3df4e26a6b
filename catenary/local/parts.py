"""What a local stack consists of: each part's command line and environment, in the order in which they start."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from catenary import names
from catenary.local.settings import LocalSettings

LOOPBACK = "127.0.0.1"
MANAGER = "manager"

RUNTIME_MODULES = {"scikit": "runtimes.scikit", "spark": "runtimes.spark_local", "custom": "runtimes.custom"}
"""The program of each type of runtime."""

# What describes a single process must not leak from the launcher's environment into all of them.
_OF_ONE_PROCESS = (
    *("ADVERTISE", "HEALTH_PATH", "INSTANCE", "INSTANCE_VERSION", "LISTEN", "METRICS", "MODEL_NAME", "PORT", "ROLE"),
    *("SERVICE", "TARGETS_FILE"),
)


@dataclass(frozen=True, slots=True)
class Part:
    """One process to start, with what it starts itself; `url` is where people reach it, None for the runtimes."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    url: str | None = None


def parts(settings: LocalSettings, models: Path, run_dir: Path) -> tuple[Part, ...]:
    """The stack: the manager, which has to answer before the others start, then those behind an Envoy of their own."""
    python = (sys.executable, "-m")
    shared = _shared_environment(settings, models, run_dir)
    manager = Part(
        MANAGER,
        (*python, "manager"),
        shared
        | {
            "CATENARY_LISTEN": f"{LOOPBACK}:{settings.manager_port}",
            "CATENARY_TARGETS_FILE": str(targets_file(settings)),
            # A named Zipkin keeps the traces itself.
            "CATENARY_KEEP_TRACES": str(0 if settings.zipkin else settings.keep_traces),
        },
        settings.manager_url,
    )

    def behind_envoy(service: str, module: str, *flags: str, url: str | None = None) -> Part:
        sidecar = (*python, "catenary", "sidecar", "--service", service, *flags)
        return Part(service, (*sidecar, "--", *python, module), shared, url)

    at_gateway = ("--role", "gateway", "--listen", f"{LOOPBACK}:{settings.gateway_port}")
    at_repository = ("--listen", f"{LOOPBACK}:{settings.repository_port}")
    return (
        manager,
        behind_envoy(names.GATEWAY, "gateway", *at_gateway, url=settings.gateway_url),
        behind_envoy(names.REPOSITORY, "repository", *at_repository, url=settings.repository_url),
        *(behind_envoy(names.SERVICE_OF_TYPE[type_], module) for type_, module in RUNTIME_MODULES.items()),
    )


def xds_address(run_dir: Path) -> str:
    """Where the manager hands out the Envoys' configuration."""
    return f"unix:{run_dir}/xds.sock"


def targets_file(settings: LocalSettings) -> Path:
    """What Prometheus would scrape."""
    return settings.state_dir / "prometheus" / "targets.json"


def _collector(settings: LocalSettings) -> str:
    """Spans go to the server that is named, else to the manager, if that keeps any."""
    own = f"http://{LOOPBACK}:{settings.manager_port}" if settings.keep_traces else ""
    return settings.zipkin or own


def _shared_environment(settings: LocalSettings, models: Path, run_dir: Path) -> dict[str, str]:
    outer = {
        name: value for name, value in os.environ.items() if name not in {f"CATENARY_{n}" for n in _OF_ONE_PROCESS}
    }
    return outer | {
        "CATENARY_MANAGER": f"http://{LOOPBACK}:{settings.manager_port}",
        "CATENARY_XDS": xds_address(run_dir),
        "CATENARY_STATE_DIR": str(settings.state_dir),
        "CATENARY_RUN_DIR": str(run_dir),
        "CATENARY_REPOSITORY": f"http://{LOOPBACK}:{settings.repository_port}",
        "CATENARY_MODEL_DIRECTORY": str(models),
        "CATENARY_CACHE": str(settings.state_dir / "cache"),
        "CATENARY_ZIPKIN": _collector(settings),
        # Logs are files here: what a part writes has to be in them at once.
        "PYTHONUNBUFFERED": "1",
    }
