"""An Envoy's admin, asked over its Unix socket, which no other user can open."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from types import TracebackType
from typing import Self

import aiohttp

from catenary.errors import Unavailable

POLL_S = 0.1
LAST_CALL_S = 2.0
_TIMEOUT_S = 1.0

# The listener that the manager builds counts its requests under this name.
_UNDER_WAY = "http.ingress.downstream_rq_active"


class EnvoyAdmin:
    """An async context. All raise Unavailable where the Envoy does not answer."""

    def __init__(self, admin_socket: Path) -> None:
        self._socket = str(admin_socket)

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(connector=aiohttp.UnixConnector(self._socket))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.close()

    async def drain(self) -> None:
        """Let every client close its connections, then take none any more; returns when no request is under way.

        Clients that connect again and again may do so for `LAST_CALL_S`: a gateway's go on until they are refused.
        """
        await self._call("POST", "/drain_listeners?graceful")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LAST_CALL_S):
                await self._idle()
        await self._call("POST", "/drain_listeners")
        await self._idle()

    async def requests_under_way(self) -> int:
        text = await self._call("GET", f"/stats?filter=^{_UNDER_WAY}$")
        return sum(int(line.rpartition(b" ")[2]) for line in text.splitlines() if line)

    async def metrics(self, timeout_s: float) -> bytes:
        """All that has been counted, in Prometheus's text format."""
        return await self._call("GET", "/stats/prometheus?usedonly", timeout_s)

    async def _idle(self) -> None:
        while True:
            # First the pause: a request that was sent just now has still to come in.
            await asyncio.sleep(POLL_S)
            if not await self.requests_under_way():
                return

    async def _call(self, method: str, path: str, timeout_s: float = _TIMEOUT_S) -> bytes:
        try:
            async with asyncio.timeout(timeout_s), self._http.request(method, f"http://envoy{path}") as answer:
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"Envoy's admin does not answer {path} ({error!r})") from error
        if answer.status != 200:
            raise Unavailable(f"Envoy's admin answers {path} with {answer.status}: {text.decode().strip()}")
        return text
