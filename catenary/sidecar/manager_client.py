"""The manager's API as a sidecar needs it: register, leave, ask what an Envoy has refused."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp
import orjson

from catenary import names
from catenary.errors import Unavailable
from catenary.messages import Instance

TIMEOUT_S = 2.0
"""The manager answers a change when the gateways have taken it over, or after 1 s."""


class ManagerClient:
    """All raise Unavailable where no manager answers, or the last that did refuses; the sentence says which."""

    def __init__(self, http: aiohttp.ClientSession, urls: Sequence[str]) -> None:
        self._http = http
        self.urls = list(urls)
        """The one that answered last comes first."""

    async def register(self, instance: Instance) -> float:
        """Enter or renew; returns how long that holds, in seconds."""
        answer = await self._call("PUT", f"{names.INSTANCES_PATH}/{instance.id}", instance.model_dump(mode="json"))
        return float(answer["lease_s"])

    async def leave(self, instance_id: str) -> None:
        await self._call("DELETE", f"{names.INSTANCES_PATH}/{instance_id}")

    async def envoy_errors(self, node_id: str) -> list[str] | None:
        """Why the Envoy `node_id` refuses its configuration; empty where it does not, None where it never connected."""
        connected = [envoy for url in self.urls for envoy in await self._ask(url, "GET", names.ENVOYS_PATH)]
        return next((envoy["errors"] for envoy in connected if envoy["id"] == node_id), None)

    async def _call(self, method: str, path: str, body: object = None) -> Any:
        """What the first manager says that neither is away nor refuses."""
        for url in list(self.urls):
            try:
                answer = await self._ask(url, method, path, body)
            except Unavailable as error:
                fault = error
                continue
            self.urls.remove(url)
            self.urls.insert(0, url)
            return answer
        raise fault

    async def _ask(self, url: str, method: str, path: str, body: object = None) -> Any:
        headers = {"content-type": names.JSON_TYPE} if body is not None else {}
        data = orjson.dumps(body) if body is not None else None
        try:
            async with (
                asyncio.timeout(TIMEOUT_S),
                self._http.request(method, url + path, data=data, headers=headers) as answer,
            ):
                text = await answer.read()
        except TimeoutError as error:
            raise Unavailable(f"the manager at {url} does not answer within {TIMEOUT_S:g} s") from error
        except aiohttp.ClientError as error:
            raise Unavailable(f"the manager at {url} cannot be reached ({error})") from error
        try:
            value = orjson.loads(text) if text else None
        except orjson.JSONDecodeError:
            value = None
        if method == "DELETE" and answer.status == 404:
            return None  # Its lease had ended, or the manager was started anew.
        if answer.status >= 400 or (value is None and method != "DELETE"):
            detail = value.get("detail") if isinstance(value, dict) else None
            raise Unavailable(f"the manager at {url} answers {method} {path} with {answer.status}: {detail}")
        return value
