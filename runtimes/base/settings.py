"""The settings of a runtime's process."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import platformdirs
from pydantic import AfterValidator, AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from catenary import names
from catenary.settings import AddressText, CollectorUrl, Settings, ZipkinUrl


def _model_names(text: str) -> str:
    for name in text.split(","):
        if text and not names.is_name(name.strip()):
            raise ValueError(f"{name.strip()!r} is not a model's name: {names.NAME_RULE}")
    return text


class RuntimeSettings(Settings):
    model_config = SettingsConfigDict(populate_by_name=True)

    listen: AddressText = "127.0.0.1:9090"
    """Where the runtime takes requests: host:port or unix:/path."""

    repository: str = Field(f"http://127.0.0.1:{names.REPOSITORY_PORT}", pattern=r"^https?://[^/]+/?$")
    """The model repository's URL."""

    model_name: Annotated[str, AfterValidator(_model_names)] = Field(
        "", validation_alias=AliasChoices("CATENARY_MODEL_NAME", "MODEL_NAME")
    )
    """The models to serve, separated by commas; empty: every model of this type. Also read from MODEL_NAME."""

    cache: Path = platformdirs.user_cache_path("catenary")
    """The folder for local copies of models; several processes may share it."""

    allow_code: bool = True
    """Whether to load models that run code of their own: pickles and a custom model's model.py."""

    body_bytes: int = Field(names.DEFAULT_BODY_BYTES, gt=0)
    """The largest body that is taken; a larger one is answered 413."""

    threads: int = Field(min(4, os.cpu_count() or 1), ge=1)
    """How many predictions run at once."""

    waiting: int = Field(256, ge=0)
    """How many predictions may wait for a thread; the next is answered 429."""

    zipkin: ZipkinUrl = ""
    """The Zipkin server that spans go to, such as `http://zipkin:9411`: the one that the manager names to Envoys."""

    otlp: CollectorUrl = ""
    """A receiver of OTLP over HTTP that spans go to, such as `http://collector:4318`; both may be given."""

    service: str = ""
    """The service that spans tell of, as its Envoy names it; told by the sidecar."""

    instance: str = ""
    """The instance that spans tell of; told by the sidecar."""

    @property
    def model_names(self) -> frozenset[str]:
        """The names in `model_name`; none: every model."""
        return frozenset(name.strip() for name in self.model_name.split(",") if name.strip())
