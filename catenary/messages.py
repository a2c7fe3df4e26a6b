"""What the processes say to each other, as strict pydantic models: an unknown field is an error that names it."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
    model_serializer,
    model_validator,
)

from catenary import names
from catenary.address import parse_tcp_address


def _a_name(text: str) -> str:
    if not names.is_name(text):
        raise ValueError(f"{text!r} is not a name: {names.NAME_RULE}")
    return text


def _a_steps_service(text: str) -> str:
    if text in (names.GATEWAY, names.MANAGER):
        raise ValueError(f"the {text} is no model server, it can be no step")
    return _a_name(text)


def _an_ip_address(text: str) -> str:
    address = parse_tcp_address(text)
    try:
        ipaddress.ip_address(address.host)
    except ValueError:
        raise ValueError(f"{text!r}: Envoy balances over IP addresses, {address.host!r} is none") from None
    return text


def _a_model_path(text: str) -> str:
    if not names.is_model_path(text):
        raise ValueError(f"{text!r} is not {names.MODEL_PATH_RULE}")
    return text


def _a_header(text: str) -> str:
    if not names.is_header(text):
        raise ValueError(f"{text!r} is not a header: {names.HEADER_RULE}")
    return text.lower()


HeaderName = Annotated[str, AfterValidator(_a_header)]
ModelPath = Annotated[str, AfterValidator(_a_model_path)]
Name = Annotated[str, AfterValidator(_a_name)]
StepService = Annotated[str, AfterValidator(_a_steps_service)]
IpAddressText = Annotated[str, AfterValidator(_an_ip_address)]
"""An address that can be an endpoint: host:port, the host an IP address."""


class Message(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SparseMessage(Message):
    """Written without the fields that are None."""

    @model_serializer(mode="wrap")
    def _what_is_set(self, handler: Any) -> Any:
        return {name: value for name, value in handler(self).items() if value is not None}


class Step(Message):
    """One link of a chain: a model of a service. `"service/model"` is its short form and means the same."""

    service: StepService
    model: ModelPath
    timeout_s: float | None = Field(None, gt=0, le=86_400)
    """The most that this step may take, in seconds; never more than what is left of the pipeline's."""
    retries: int = Field(names.DEFAULT_RETRIES, ge=0, le=10)
    """How often the step is tried again after a connect failure, a reset, a 502 or a 503."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        service, slash, model = value.partition("/")
        if not slash:
            raise ValueError(f"{value!r} is not <service>/<model>")
        return {"service": service, "model": model}

    def __str__(self) -> str:
        return f"{self.service}/{self.model}"

    @model_serializer(mode="wrap")
    def _shortest_form(self, handler: Any) -> Any:
        options = {k: v for k, v in handler(self).items() if v != type(self).model_fields[k].default}
        return str(self) if options.keys() == {"service", "model"} else options


RequestsPerS = Annotated[float, Field(ge=0.001, le=1_000_000)]
Burst = Annotated[int, Field(ge=1, le=1_000_000)]


class ClientLimit(SparseMessage):
    """How fast each client may ask. A client is an address; with `header`, what that header of the request says."""

    requests_per_s: RequestsPerS
    burst: Burst | None = None
    """The most requests at once after a pause; default: those of one second."""
    header: HeaderName | None = None
    """Tells clients apart where the request has it: an API key's, a tenant's."""


class Limits(SparseMessage):
    """What a pipeline takes at most, of all clients together and of each; every gateway counts for itself."""

    requests_per_s: RequestsPerS | None = None
    burst: Burst | None = None
    """The most requests at once after a pause; default: those of one second."""
    concurrent_requests: int | None = Field(None, ge=1, le=1_000_000)
    """The most requests under way at once."""
    per_client: ClientLimit | None = None

    @model_validator(mode="after")
    def _limits_something(self) -> Self:
        if self.requests_per_s is None and self.burst is not None:
            raise ValueError("burst is a part of requests_per_s, which is not given")
        if (self.requests_per_s, self.concurrent_requests, self.per_client) == (None, None, None):
            raise ValueError("requests_per_s, concurrent_requests or per_client is needed")
        return self


class Pipeline(SparseMessage):
    """An ordered chain of steps under a name."""

    name: Name
    chain: tuple[Step, ...] = Field(min_length=1, max_length=64)
    transportType: Literal["http", "grpc"] = "http"  # noqa: N815 (hydro-serving's spelling)
    """`grpc`: calls of any method go as they are to the one step, whose model names no path then."""
    timeout_s: float = Field(names.DEFAULT_TIMEOUT_S, gt=0, le=86_400)
    """The deadline of a request, in seconds; the header `x-catenary-timeout-ms` may shorten it."""
    limits: Limits | None = None
    """None: as many requests as come."""

    @field_validator("transportType")
    @classmethod
    def _carries_the_chain(cls, transport: str, info: ValidationInfo) -> str:
        steps = len(info.data.get("chain", ()))
        if transport == "grpc" and steps > 1:
            raise ValueError(f"gRPC goes to one step, as it is; the chain has {steps}")
        return transport

    @model_validator(mode="before")
    @classmethod
    def _chain_from_json(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("chain"), list):
            return {**value, "chain": tuple(value["chain"])}
        return value


class LoadedModel(Message):
    """What an instance says of one of its models."""

    name: Name
    version: str
    state: Literal["ready", "loading", "broken"]
    reason: str = ""


class Instance(Message):
    """One running process of a service, as it registers itself: the address is its sidecar's."""

    id: Name
    service: Name
    address: IpAddressText
    version: str = ""
    health_path: str | None = Field(None, pattern="^/")
    """Answers 2xx at `address` while the instance is well; None: only its own sidecar can tell."""
    models: tuple[LoadedModel, ...] | None = None
    """None: the instance does not say (any HTTP server may be a step)."""
    metrics: IpAddressText | None = None
    """Where its sidecar serves `/metrics`; None: nowhere."""

    @model_validator(mode="before")
    @classmethod
    def _models_from_json(cls, value: Any) -> Any:
        if isinstance(value, dict) and isinstance(value.get("models"), list):
            return {**value, "models": tuple(value["models"])}
        return value


class ModelFile(Message):
    """A file of a model; `path` is relative to the model's folder, with slashes."""

    path: str
    size_bytes: int
    sha256: str


class Metadata(BaseModel):
    """What the repository says of a model it can serve; hydro-serving's fields and, beside them, ours."""

    model_config = ConfigDict(frozen=True)

    name: str
    runtime: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    version: str
    """The first 12 hexadecimal digits of a SHA-256 over the paths and contents of `files`."""
    files: tuple[ModelFile, ...]
    """What the model consists of; a README or an example request beside it is not among them."""


class IndexEntry(BaseModel):
    """A folder of the repository: `ready`, still `incomplete`, or `broken`; `reason` says what is missing or wrong."""

    model_config = ConfigDict(frozen=True)

    name: str
    runtime: str
    state: Literal["ready", "incomplete", "broken"]
    version: str = ""
    reason: str = ""
