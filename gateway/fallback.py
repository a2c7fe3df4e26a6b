"""What matches no pipeline: 404 with the names that are near, 405 where only the method is wrong, 415 where only the
transport is. A gRPC client gets the status that means the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

import aiohttp
import orjson
from aiohttp import web

from catenary import names
from catenary.errors import MalformedRequest, MethodNotAllowed, NotFound, WrongTransport
from catenary.grpc_status import is_grpc
from catenary.http import json_response

log = logging.getLogger(__name__)

_TIMEOUT_S = 1.0
_FRESH_S = 1.0
"""So long a list of names is good: a flood of wrong names does not become one on the manager."""


class Pipelines:
    """Each pipeline's transport by its name, as the manager tells them; the last ones known while it is away."""

    def __init__(self, session: aiohttp.ClientSession, managers: Sequence[str]) -> None:
        self._session = session
        self._managers = managers
        self._transports: dict[str, str] = {}
        self._asked_at = float("-inf")
        self._asking = asyncio.Lock()

    async def current(self) -> dict[str, str]:
        async with self._asking:
            if asyncio.get_running_loop().time() - self._asked_at > _FRESH_S:
                await self._ask()
                self._asked_at = asyncio.get_running_loop().time()
        return self._transports

    async def _ask(self) -> None:
        """The first manager that knows tells."""
        for manager in self._managers:
            try:
                async with asyncio.timeout(_TIMEOUT_S), self._session.get(manager + names.PIPELINES_PATH) as answer:
                    answer.raise_for_status()
                    known = orjson.loads(await answer.read())
                    self._transports = {pipeline["name"]: pipeline["transportType"] for pipeline in known}
                    return
            except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError, KeyError, TypeError) as error:
                log.info("the manager at %s does not tell the pipelines: %r", manager, error)


class Fallback:
    def __init__(self, pipelines: Pipelines) -> None:
        self._pipelines = pipelines

    def add_to(self, app: web.Application) -> None:
        app.router.add_get(names.HEALTH_PATH, self._health)
        app.router.add_route("*", "/{path:.*}", self._no_pipeline)

    async def _health(self, _request: web.Request) -> web.Response:
        return json_response({"status": "ok"})

    async def _no_pipeline(self, request: web.Request) -> web.Response:
        pipeline = request.headers.get(names.BEGINS_LIKE)
        if pipeline and request.rel_url.raw_path == f"{names.SERVE_PATH}/{pipeline}":
            raise MethodNotAllowed(request.method, ["POST"])
        transport, name = _called(request)
        pipelines = await self._pipelines.current()
        if pipelines.get(name, transport) != transport:
            raise WrongTransport(name, pipelines[name])
        raise NotFound("pipeline", name, pipelines)


def _called(request: web.Request) -> tuple[str, str]:
    """By which transport which pipeline is called."""
    if is_grpc(request.headers.get("content-type", "")):
        if name := request.headers.get(names.PIPELINE):
            return "grpc", name
        raise MalformedRequest(f"a call names its pipeline in its metadata, as {names.PIPELINE}")
    prefix = names.SERVE_PATH + "/"
    if not request.path.startswith(prefix):
        raise NotFound("page", request.path)
    return "http", request.path.removeprefix(prefix)
