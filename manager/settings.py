"""The manager's settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from platformdirs import user_state_path
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationInfo, field_validator
from yarl import URL

from catenary import names
from catenary.settings import AddressText, Settings, ZipkinUrl


def _an_agents_url(text: str) -> str:
    url = URL(text)
    if text and (url.scheme not in ("http", "https") or not url.host or url.user or url != url.origin()):
        # The text is not repeated: it may hold a password.
        raise ValueError("it is not http://host:port or https://host:port")
    return text


OptionalFile = Annotated[Path | None, BeforeValidator(lambda value: value or None)]
"""Of an environment in which the variable is empty: none."""


class ManagerSettings(Settings):
    listen: AddressText = f"127.0.0.1:{names.MANAGER_PORT}"
    """Where the REST API listens, `host:port`."""

    xds: AddressText = "127.0.0.1:18000"
    """Where Envoys get their configuration (ADS over gRPC): `host:port` or `unix:/path`."""

    state_dir: Path = Field(default_factory=lambda: user_state_path("catenary"))
    """The folder of the embedded store."""

    consul: Annotated[str, AfterValidator(_an_agents_url)] = ""
    """The Consul agent that keeps pipelines and instances, such as `http://consul:8500`; empty: the embedded store."""

    consul_token: SecretStr | None = None
    """The ACL token for Consul, one word of printable ASCII characters."""

    consul_token_file: OptionalFile = None
    """A file that holds the ACL token, in place of `CATENARY_CONSUL_TOKEN`; it is read again for each call."""

    consul_ca: OptionalFile = None
    """The CA, a PEM file, whose certificates Consul shows over https; without it, those that the system trusts."""

    consul_cert: OptionalFile = None
    """The certificate, a PEM file, that is shown to Consul over https."""

    consul_key: OptionalFile = None
    """The key of `CATENARY_CONSUL_CERT`, if it is in a file of its own."""

    consul_check_interval_s: float = Field(2.0, ge=1, le=300)
    """How often Consul checks each instance, through its sidecar; one that fails twice takes no requests."""

    consul_check_timeout_s: float = Field(2.0, ge=0.1, le=300)
    """How long one of Consul's checks may take."""

    consul_deregister_after_s: float = Field(60.0, ge=60)
    """An instance that has failed Consul's checks for so many seconds is removed from Consul; it may come back."""

    lease_s: float = Field(5.0, ge=0.5, le=300)
    """An instance that has not renewed itself for so many seconds is gone; with Consul, which checks instances itself,
    only one of which Consul says nothing."""

    acknowledge_s: float = Field(1.0, ge=0, le=30)
    """How long a write waits for the gateways to take it in, before it answers `pending`."""

    client_timeout_s: float = Field(300.0, ge=0.5, le=86_400)
    """How long a gateway waits for a client, in seconds: for its whole request, which is then 408, for it to take its
    answer, for its next request."""

    zipkin: ZipkinUrl = ""
    """The Zipkin server that every Envoy sends its spans to, such as `http://zipkin:9411`; empty: nothing is traced."""

    keep_traces: int = Field(0, ge=0, le=10_000)
    """How many traces this manager keeps in memory, for Envoys whose `CATENARY_ZIPKIN` is this manager. With 0 it reads
    them from the server that `CATENARY_ZIPKIN` names."""

    trace_percent: float = Field(100.0, ge=0, le=100)
    """The share of requests whose spans are sent. A request that comes with a decision of its caller's keeps that; one
    with an `x-request-id` that is no UUID, by which Envoy draws lots, is traced on its caller's decision only."""

    access_log_percent: float = Field(100.0, ge=0, le=100)
    """The share of requests that pipelines serve well for which the gateway writes a line to its log, in percent; one
    that fails, or whose client leaves, always has its line."""

    targets_file: OptionalFile = None
    """A file that lists, in the form of Prometheus's file-based discovery, where this manager and each instance serve
    their metrics; it is written anew whenever that changes. Without it, none."""

    @field_validator("consul_token_file")
    @classmethod
    def _one_token(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file and info.data.get("consul_token"):
            raise ValueError("CATENARY_CONSUL_TOKEN is given as well; give one of them")
        return file

    @field_validator("consul_key")
    @classmethod
    def _key_of_a_certificate(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        if file and not info.data.get("consul_cert"):
            raise ValueError("a key without CATENARY_CONSUL_CERT is of no use")
        return file
