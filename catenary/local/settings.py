"""What the local launcher is told: by flags, by the environment, by the file that `CATENARY_CONFIG` names."""

from __future__ import annotations

from pathlib import Path

import platformdirs
from pydantic import Field

from catenary import data, names
from catenary.errors import SetupError
from catenary.settings import Settings, ZipkinUrl


class LocalSettings(Settings):
    """One stack on this machine; everything in it listens on the loopback only."""

    state_dir: Path = Field(default_factory=lambda: platformdirs.user_state_path("catenary"))
    """Where the stack keeps what outlives it: the manager's store, logs, the models' cache. One stack a folder."""

    model_directory: Path | None = None
    """The folder of models; without it `./models` where there is one, else the examples that come with Catenary."""

    manager_port: int = Field(names.MANAGER_PORT, ge=1, le=65535)
    """The port of the manager's API."""

    gateway_port: int = Field(names.GATEWAY_PORT, ge=1, le=65535)
    """The port of the gateway, where pipelines are called."""

    repository_port: int = Field(names.REPOSITORY_PORT, ge=1, le=65535)
    """The port of the model repository."""

    start_timeout_s: float = Field(60.0, gt=0)
    """How long the stack may take until all of it is ready, in seconds."""

    zipkin: ZipkinUrl = ""
    """The Zipkin server that spans go to; empty: to the manager, which keeps the last traces itself."""

    keep_traces: int = Field(1_000, ge=0, le=10_000)
    """How many traces the manager keeps, where `CATENARY_ZIPKIN` names no other server; 0: nothing is traced."""

    @property
    def manager_url(self) -> str:
        """Where people reach the manager; so with the other two."""
        return f"http://localhost:{self.manager_port}"

    @property
    def gateway_url(self) -> str:
        return f"http://localhost:{self.gateway_port}"

    @property
    def repository_url(self) -> str:
        return f"http://localhost:{self.repository_port}"

    def models(self) -> Path:
        """The folder of models, absolute; SetupError if it is not a folder."""
        chosen = self.model_directory or Path("models")
        if self.model_directory is None and not chosen.is_dir():
            chosen = data.models_dir()
        if not chosen.is_dir():
            raise SetupError(f"{chosen} is not a folder: --models takes the folder that holds <runtime>/<model>/")
        return chosen.resolve()
