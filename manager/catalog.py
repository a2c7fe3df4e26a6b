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

_WAIT_S = 5
"""How long a repository may hold a poll; one that stops has to wait for no more than that."""
_INDEX = TypeAdapter(tuple[IndexEntry, ...])


class Catalog:
    """`addresses` tells where repositories are just now."""

    def __init__(self, addresses: Callable[[], Sequence[TcpAddress]]) -> None:
        self.entries: tuple[IndexEntry, ...] | None = None
        self._addresses = addresses
        self._moved = asyncio.Event()

    def repositories_changed(self) -> None:
        """Let go of the repository that is being polled, and ask again where one is."""
        self._moved.set()

    async def follow(self) -> None:
        """Keep `entries` up to date until cancelled."""
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=2)
        async with aiohttp.ClientSession(timeout=timeout) as session:
            while True:
                self._moved.clear()
                following = asyncio.create_task(self._follow_one(session), name="repository")
                moved = asyncio.create_task(self._moved.wait(), name="moved")
                try:
                    await asyncio.wait((following, moved), return_when=asyncio.FIRST_COMPLETED)
                    if following.done():
                        following.result()
                finally:
                    following.cancel()
                    moved.cancel()

    async def _follow_one(self, session: aiohttp.ClientSession) -> None:
        """Poll the repository that is there now; for ever, if there is none."""
        addresses = self._addresses()
        etag = ""
        while addresses:
            try:
                etag = await self._poll(session, addresses[0], etag)
            except (aiohttp.ClientError, TimeoutError, ValidationError, orjson.JSONDecodeError) as error:
                log.info("the repository at %s does not answer: %s", addresses[0], error)
                etag = ""
                await asyncio.sleep(0.5)
        await asyncio.get_running_loop().create_future()

    async def _poll(self, session: aiohttp.ClientSession, address: TcpAddress, etag: str) -> str:
        """Wait for an index other than the one with `etag`; its ETag."""
        headers = {"if-none-match": etag} if etag else {}
        async with (
            asyncio.timeout(_WAIT_S + 10),
            session.get(f"http://{address}/index", params={"wait": _WAIT_S}, headers=headers) as response,
        ):
            if response.status == 304:
                return etag
            response.raise_for_status()
            self.entries = _INDEX.validate_python(orjson.loads(await response.read()))
            return response.headers.get("etag", "")
