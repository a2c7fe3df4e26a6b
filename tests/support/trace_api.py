"""Zipkin's API served in the test's own loop, by what the manager serves it with."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from typing import Any, Protocol

import aiohttp
from aiohttp import web

from catenary.address import TcpAddress, free_port
from catenary.http import application, listening


class Traces(Protocol):
    def add_to(self, app: web.Application) -> None: ...


class TraceApi:
    """A server of Zipkin's API at `url`, Zipkin itself or ours."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        self.url = url
        self._http = http

    async def post(self, body: Any, **headers: str) -> tuple[int, Any]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        options = {"data": body} if isinstance(body, bytes) else {"json": body}
        async with self._http.post(f"{self.url}/api/v2/spans", headers=sent, **options) as answer:
            return answer.status, await answer.text()

    async def get(self, path: str, **query: str | int) -> tuple[int, Any]:
        """The status and, of 200, the JSON."""
        async with self._http.get(f"{self.url}/api/v2/{path}", params=query) as answer:
            return answer.status, await answer.json() if answer.status == 200 else await answer.text()


@contextlib.asynccontextmanager
async def serving(traces: Traces, port: int = 0) -> AsyncIterator[TraceApi]:
    app = application(max_body_bytes=4 * 1024 * 1024)
    traces.add_to(app)
    address = TcpAddress("127.0.0.1", port or free_port())
    async with listening(app, address, drain_s=0.1), aiohttp.ClientSession() as http:
        yield TraceApi(f"http://{address}", http)
