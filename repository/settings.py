"""The settings of the repository's process."""

from __future__ import annotations

from pathlib import Path

from catenary.settings import AddressText, Settings


class RepositorySettings(Settings):
    listen: AddressText = "127.0.0.1:9090"
    """Where the repository takes requests: host:port or unix:/path."""

    model_directory: Path = Path("models")
    """The folder of models: `<model directory>/<runtime>/<model>/`."""
