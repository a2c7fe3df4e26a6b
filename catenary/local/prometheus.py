"""What a Prometheus on this machine is told of the stack: a folder with its configuration and the alert rules.

The manager writes the targets beside them. Starts no Prometheus.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from catenary import data
from catenary.errors import SetupError


def write_prometheus_files(folder: Path) -> None:
    """Put the configuration and the rules of this version into `folder`, which is made. Raises SetupError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, source in data.prometheus_files().items():
            shutil.copyfile(source, folder / name)
    except OSError as error:
        raise SetupError(f"{error.filename} cannot be written: {error.strerror}") from error
