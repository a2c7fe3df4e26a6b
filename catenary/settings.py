"""Settings: one immutable object per process, read once in `main`.

Environment variables carry the prefix `CATENARY_`; a TOML file named by `CATENARY_CONFIG` stands under the environment,
the defaults under the file. What the command line gives is passed to the constructor and stands over all of them.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from catenary.address import parse_address, parse_addresses, parse_tcp_address
from catenary.errors import SetupError
from catenary.logs import LogFormat


def _an_address(text: str) -> str:
    return str(parse_address(text))


AddressText = Annotated[str, AfterValidator(_an_address)]
"""An address as `catenary.address` writes it, checked."""


def _a_tcp_address(text: str) -> str:
    return str(parse_tcp_address(text))


TcpAddressText = Annotated[str, AfterValidator(_a_tcp_address)]
"""A host, by name or IP address, and a port, checked."""


def _addresses(text: str) -> str:
    return ",".join(str(address) for address in parse_addresses(text))


AddressesText = Annotated[str, AfterValidator(_addresses)]
"""One address or several, with commas between them, checked."""

UrlsText = Annotated[str, Field(pattern=r"^https?://[^\s,]+(\s*,\s*https?://[^\s,]+)*$")]
"""One URL or several, with commas between them: any of them serves."""


def _with_a_port(url: str) -> str:
    if urlsplit(url).port == 0:
        raise ValueError("port 0 is none")
    return url


CollectorUrl = Annotated[
    str, Field(pattern=r"^(http://[^/:@?#\s]+(:\d{1,5})?(/[^?#\s]*)?)?$"), AfterValidator(_with_a_port)
]
"""An http URL, perhaps with the path that spans are posted to; or empty."""

ZipkinUrl = CollectorUrl
"""That of a Zipkin server, or of whatever takes spans as one does."""


def urls(text: str) -> tuple[str, ...]:
    """The URLs that a `UrlsText` lists, each without a slash at its end."""
    return tuple(part.strip().rstrip("/") for part in text.split(","))


class Settings(BaseSettings):
    """What every process takes; each process adds its own fields."""

    model_config = SettingsConfigDict(
        env_prefix="CATENARY_", extra="ignore", frozen=True, use_attribute_docstrings=True, validate_default=True
    )

    log_level: str = Field("info", pattern="^(debug|info|warning|error)$")
    """The least severe level that is logged: debug, info, warning or error."""

    log_format: LogFormat = "text"
    """One line an event, for people (text) or for machines (json)."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = os.environ.get("CATENARY_CONFIG")
        return (
            init_settings,
            env_settings,
            *([TomlConfigSettingsSource(settings_cls, Path(file))] if file else []),
        )


S = TypeVar("S", bound=Settings)


def read_settings(kind: type[S], **flags: Any) -> S:
    """The settings of a process; flags that are None were not given. SetupError names each field that is wrong."""
    file = os.environ.get("CATENARY_CONFIG")
    if file and not Path(file).is_file():
        raise SetupError(f"CATENARY_CONFIG names {file}, which is no file")
    try:
        return kind(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        faults = "; ".join(
            f"CATENARY_{'_'.join(str(part) for part in fault['loc']).upper().removeprefix('CATENARY_')}: {fault['msg']}"
            for fault in error.errors(include_url=False)
        )
        raise SetupError(f"the settings are not right: {faults}") from error
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"the file that CATENARY_CONFIG names cannot be read: {error}") from error
