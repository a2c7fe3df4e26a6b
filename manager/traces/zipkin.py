"""Zipkin's API over the server that `CATENARY_ZIPKIN` names: what is asked of the manager is asked of it.

So that one URL serves the command line wherever traces are kept. Only reads: each Envoy sends its spans to the server
itself.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Self

import aiohttp
from aiohttp import hdrs, web
from yarl import URL

from catenary import names
from catenary.errors import CatenaryError, MalformedRequest, NotFound, RequestError, SetupError, Unavailable
from manager.traces.kept import asked_id

CONNECT_S = 2.0
PATIENCE_S = 8.0
"""For the whole of an answer; less than the command line has."""
ANSWER_BYTES = 64 * 1024 * 1024
SAID_BYTES = 300
"""So much of the server's own words is passed on where it refuses."""

_LISTS = ("traces", "traceMany", "services", "spans")
_VIA = "1.1 catenary"


class ZipkinTraces:
    """Those of the Zipkin server at `url`, a value of `CATENARY_ZIPKIN`."""

    def __init__(self, url: str, http: aiohttp.ClientSession) -> None:
        collector = URL(url)
        self._name = f"Zipkin at {collector.origin()}"
        # Whoever names a path names that of the spans, beside which all the others are.
        posted_to = collector.path.rstrip("/") or f"{names.ZIPKIN_PATH}/spans"
        self._api = collector.origin().with_path(posted_to.removesuffix("/spans") or "/")
        self._http = http

    @classmethod
    @contextlib.asynccontextmanager
    async def at(cls, url: str) -> AsyncIterator[Self]:
        """With its connections, inside the block; the server need not be there."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_S)
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar()) as http:
            yield cls(url, http)

    def add_to(self, app: web.Application) -> None:
        lists = [web.get(f"{names.ZIPKIN_PATH}/{name}", self._list) for name in _LISTS]
        app.add_routes([*lists, web.get(f"{names.ZIPKIN_PATH}/trace/{{id}}", self._one)])

    async def _list(self, request: web.Request) -> web.Response:
        _, name = request.path.rsplit("/", 1)
        return await self._read(request, self._api / name)

    async def _one(self, request: web.Request) -> web.Response:
        wanted = asked_id(request.match_info["id"].strip())
        return await self._read(
            request, self._api / "trace" / wanted, NotFound("trace", wanted, reason=f"{self._name} has none")
        )

    async def _read(self, request: web.Request, url: URL, missing: CatenaryError | None = None) -> web.Response:
        """The server's answer to `request` at `url`; `missing` is raised where that is 404."""
        if any(_VIA in via for via in request.headers.getall(hdrs.VIA, ())):
            raise SetupError(
                "CATENARY_ZIPKIN leads from manager to manager, and to none that keeps traces:"
                " CATENARY_KEEP_TRACES says how many one keeps"
            )
        status, content_type, body = await self._get(url.with_query(request.query))
        if status == 200:
            if content_type != names.JSON_TYPE:
                raise Unavailable(f"what answers at {url.origin()} is not Zipkin: it is {content_type}")
            return web.Response(body=body, content_type=names.JSON_TYPE)
        if status == 404 and missing:
            raise missing
        said = f"{self._name} answers {status}: {body[:SAID_BYTES].decode(errors='replace')}"
        raise MalformedRequest(said) if status == 400 else Unavailable(said)

    async def _get(self, url: URL) -> tuple[int, str, bytes]:
        """Status, type and body. Raises Unavailable."""
        body = bytearray()
        try:
            async with (
                asyncio.timeout(PATIENCE_S),
                self._http.get(url, headers={hdrs.VIA: _VIA}, allow_redirects=False) as answer,
            ):
                async for piece in answer.content.iter_any():
                    body += piece
                    if len(body) > ANSWER_BYTES:
                        raise RequestError(f"these are more than {ANSWER_BYTES} bytes: ask for fewer traces")
                return answer.status, answer.content_type, bytes(body)
        except TimeoutError as error:
            raise Unavailable(f"{self._name} does not answer within {PATIENCE_S:g} s") from error
        except aiohttp.ClientError as error:
            raise Unavailable(f"{self._name} does not answer: {error}") from error
