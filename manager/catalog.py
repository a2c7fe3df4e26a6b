"""The catalog: which models the repository has, followed by long polling its index.

While the repository is away the last index stands; before the first one nothing is known (`entries` is None).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

import aiohttp
import orjson
from pydantic import TypeAdapter, ValidationError

from catenary.address import TcpAddress
from catenary.messages import IndexEntry

log = logging.getLogger(__name__)

_WAIT_S = 25
_INDEX = TypeAdapter(tuple[IndexEntry, ...])


class Catalog:
    """`addresses` tells where repositories are just now."""

    def __init__(self, addresses: Callable[[], Sequence[TcpAddress]]) -> None:
        self.entries: tuple[IndexEntry, ...] | None = None
        self._addresses = addresses
        self._moved = asyncio.Event()

    def repositories_changed(self) -> None:
        """Ask again now where the repository is."""
        self._moved.set()

    async def follow(self) -> None:
        """Keep `entries` up to date until cancelled."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=2, sock_read=_WAIT_S + 10)
        etag = ""
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                addresses = self._addresses()
                self._moved.clear()
                if not addresses:
                    await self._moved.wait()
                    continue
                try:
                    etag = await self._poll(session, addresses[0], etag)
                except (aiohttp.ClientError, TimeoutError, ValidationError, orjson.JSONDecodeError) as error:
                    log.info("the repository at %s does not answer: %s", addresses[0], error)
                    etag = ""
                    await asyncio.sleep(0.5)

    async def _poll(self, session: aiohttp.ClientSession, address: TcpAddress, etag: str) -> str:
        """Wait for an index other than the one with `etag`; its ETag."""
        headers = {"if-none-match": etag} if etag else {}
        async with session.get(f"http://{address}/index", params={"wait": _WAIT_S}, headers=headers) as response:
            if response.status == 304:
                return etag
            response.raise_for_status()
            self.entries = _INDEX.validate_python(orjson.loads(await response.read()))
            return response.headers.get("etag", "")
