"""What matches no pipeline: 404 with the names that are near, 405 where only the method is wrong."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import aiohttp
import orjson
from aiohttp import web

from catenary import names
from catenary.errors import MethodNotAllowed, NotFound
from catenary.http import json_response

log = logging.getLogger(__name__)

_TIMEOUT = aiohttp.ClientTimeout(total=1)
_FRESH_S = 1.0
"""So long a list of names is good: a flood of wrong names does not become one on the manager."""


class PipelineNames:
    """The names of the pipelines, as the manager tells them; the last ones known while it is away."""

    def __init__(self, session: aiohttp.ClientSession, managers: Sequence[str]) -> None:
        self._session = session
        self._managers = managers
        self._names: list[str] = []
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def current(self) -> list[str]:
        async with self._asking:
            if asyncio.get_running_loop().time() - self._asked_at > _FRESH_S:
                await self._ask()
                self._asked_at = asyncio.get_running_loop().time()
        return self._names

    async def _ask(self) -> None:
        """The first manager that knows tells."""
        for manager in self._managers:
            try:
                async with self._session.get(manager + names.PIPELINES_PATH, timeout=_TIMEOUT) as answer:
                    answer.raise_for_status()
                    self._names = [pipeline["name"] for pipeline in orjson.loads(await answer.read())]
                    return
            except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, KeyError, TypeError) as error:
                log.info("the manager at %s does not tell the pipelines' names: %r", manager, error)


class Fallback:
    def __init__(self, pipelines: PipelineNames) -> None:
        self._pipelines = pipelines

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(names.HEALTH_PATH, self._health)
        app.router.add_route("*", "/{path:.*}", self._no_pipeline)

    async def _health(self, _request: web.Request) -> web.Response:
        return json_response({"status": "ok"})

    async def _no_pipeline(self, request: web.Request) -> web.Response:
        near = request.headers.get(names.PIPELINE)
        if near and request.rel_url.raw_path == f"{names.SERVE_PATH}/{near}":
            raise MethodNotAllowed(request.method, ["POST"])
        prefix = names.SERVE_PATH + "/"
        if not request.path.startswith(prefix):
            raise NotFound("page", request.path)
        raise NotFound("pipeline", request.path.removeprefix(prefix), await self._pipelines.current())
