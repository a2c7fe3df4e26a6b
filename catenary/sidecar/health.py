"""Whether the instance may take requests: one health check, asked where requests come in, at the Envoy's listener."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from pydantic import TypeAdapter, ValidationError

from catenary import names
from catenary.grpc_status import GrpcStatus, is_grpc, status_in
from catenary.messages import LoadedModel

_MODELS = TypeAdapter(tuple[LoadedModel, ...])


@dataclass(frozen=True, slots=True)
class Health:
    """`fault` says why the check failed and is empty where it passed; `models`: what the app says of its models.

    `silent`: the app has answered nothing, not even an error.
    """

    fault: str = ""
    models: tuple[LoadedModel, ...] | None = None
    silent: bool = False

    @property
    def passing(self) -> bool:
        return not self.fault


class HealthCheck(ABC):
    """One request, each time with at most `timeout_s`, to the Envoy at `url`."""

    def __init__(self, http: aiohttp.ClientSession, url: str, *, timeout_s: float) -> None:
        self._http = http
        self._url = url
        self._timeout_s = timeout_s

    async def check(self) -> Health:
        try:
            async with asyncio.timeout(self._timeout_s), self._ask() as answer:
                return self._local(answer) or await self._judge(answer)
        except TimeoutError:
            return Health(f"no answer within {self._timeout_s:g} s", silent=True)
        except aiohttp.ClientConnectorError:
            return Health("its Envoy does not listen", silent=True)
        except aiohttp.ClientError as error:
            return Health(str(error) or type(error).__name__, silent=True)

    @abstractmethod
    def _ask(self) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """The request."""

    @abstractmethod
    async def _judge(self, answer: aiohttp.ClientResponse) -> Health:
        """What the app's own answer says."""

    def _local(self, answer: aiohttp.ClientResponse) -> Health | None:
        """What the Envoy answers by itself says nothing for the app, be it a 404."""
        details = answer.headers.get(names.LOCAL_REPLY)
        if not details:
            return None
        hint = "; is CATENARY_APP_PROTOCOL what it speaks?" if "protocol_error" in details else ""
        return Health(f"the app does not answer its Envoy ({answer.status}, {details}){hint}", silent=True)


class HttpHealthCheck(HealthCheck):
    """GET `url`. `lenient`: any answer of the app under 500 passes."""

    def __init__(self, http: aiohttp.ClientSession, url: str, *, lenient: bool, timeout_s: float) -> None:
        super().__init__(http, url, timeout_s=timeout_s)
        self._limit = 500 if lenient else 400

    def _ask(self) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        return self._http.get(self._url, allow_redirects=False)

    async def _judge(self, answer: aiohttp.ClientResponse) -> Health:
        said = _json_object(await answer.read()) if answer.content_type == names.JSON_TYPE else {}
        if answer.status >= self._limit:
            waiting_for = said.get("waiting_for")
            return Health(f"the app answers {answer.status}" + (f": it waits for {waiting_for}" if waiting_for else ""))
        return Health(models=_models(said.get("models")))


class GrpcHealthCheck(HealthCheck):
    """The standard `grpc.health.v1.Health/Check`, of the server as a whole. One that has no such method passes by
    saying so.

    The Envoy turns a call in HTTP/1.1, which is as gRPC writes it but for the trailers, into one in HTTP/2.
    """

    def _ask(self) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        headers = {"content-type": names.GRPC_TYPE, "te": "trailers"}
        url = self._url + "/grpc.health.v1.Health/Check"
        return self._http.post(url, data=_EMPTY_MESSAGE, headers=headers)

    async def _judge(self, answer: aiohttp.ClientResponse) -> Health:
        if not is_grpc(answer.content_type):
            return Health(f"the app answers {answer.status} in {answer.content_type}, which is not gRPC")
        said = await answer.read()
        if said == _SERVING:
            return Health()
        if said:
            return Health("the app answers that it is not serving")
        code, message = status_in(answer.headers)
        if code == GrpcStatus.UNIMPLEMENTED:
            return Health()
        if code is None:
            return Health("the app answers nothing that says whether it is serving")
        return Health(f"the app answers gRPC's status {code}" + (f": {message}" if message else ""))


# A message of gRPC is a zero byte, its length in four, and what it holds: nothing, or the field `status` with SERVING.
_EMPTY_MESSAGE = bytes(5)
_SERVING = b"\0\0\0\0\2\x08\x01"


def _json_object(text: bytes) -> dict[str, Any]:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return value if isinstance(value, dict) else {}


def _models(value: object) -> tuple[LoadedModel, ...] | None:
    """None where `value` is no list of models: any server may be a step, and say of itself what it likes."""
    try:
        return _MODELS.validate_python(tuple(value) if isinstance(value, list) else value)
    except ValidationError:
        return None
