"""Finds the files that are data: inside the package of a wheel, at the top of a checkout.

Owns that one difference; reads nothing.
"""

from __future__ import annotations

from pathlib import Path

from catenary.errors import SetupError

_PACKAGE = Path(__file__).resolve().parent


def models_dir() -> Path:
    """The folder of the example models; SetupError where the installation lacks it."""
    return _find("models")


def chain_lua() -> Path:
    """The chain filter that a gateway's Envoy runs; SetupError where the installation lacks it."""
    return _find("envoy/chain.lua")


def prometheus_files() -> dict[str, Path]:
    """What the local stack gives to Prometheus, by the names that they have there; SetupError where one is lacking."""
    return {
        "prometheus.yml": _find("observability/local.yml"),
        "alerts.yml": _find("observability/alerts.yml"),
    }


def _find(relative: str) -> Path:
    for top in (_PACKAGE / "_data", _PACKAGE.parent):
        path = top / relative
        if path.exists():
            return path
    raise SetupError(f"this installation of Catenary lacks {relative}: install it again")
