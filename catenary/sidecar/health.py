"""Whether the instance may take requests: one health check, asked where requests come in, at the Envoy's listener."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson
from pydantic import TypeAdapter, ValidationError

from catenary import names
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


class HealthCheck:
    """GET `url`, each time with at most `timeout_s`. `lenient`: any answer of the app under 500 passes."""

    def __init__(self, http: aiohttp.ClientSession, url: str, *, lenient: bool, timeout_s: float) -> None:
        self._http = http
        self._url = url
        self._limit = 500 if lenient else 400
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)

    async def check(self) -> Health:
        try:
            async with self._http.get(self._url, timeout=self._timeout, allow_redirects=False) as answer:
                said = await answer.read() if answer.content_type == names.JSON_TYPE else b""
        except TimeoutError:
            return Health(f"no answer within {self._timeout.total:g} s", silent=True)
        except aiohttp.ClientConnectorError:
            return Health("its Envoy does not listen", silent=True)
        except aiohttp.ClientError as error:
            return Health(str(error) or type(error).__name__, silent=True)
        return self._judge(answer.status, answer.headers, _json_object(said))

    def _judge(self, status: int, headers: Mapping[str, str], said: dict[str, Any]) -> Health:
        # What the Envoy answers by itself says nothing for the app, be it a 404.
        if details := headers.get(names.LOCAL_REPLY):
            return Health(f"the app does not answer its Envoy ({status}, {details})", silent=True)
        if status >= self._limit:
            waiting_for = said.get("waiting_for")
            return Health(f"the app answers {status}" + (f": it waits for {waiting_for}" if waiting_for else ""))
        return Health(models=_models(said.get("models")))


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
