"""Load that counts: clients that ask again and again, and what they got that they should not have."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Self

import aiohttp


class Load:
    """An async context: inside it, `clients` clients post `rows` without a pause, each over a connection of its own.

    A client that cannot reach one of `urls`, or loses its connection there, asks the next, as behind a DNS name with
    several addresses; with one url that is a failure. `failures` says of each request that failed how it did, `moves`
    counts those that were asked again elsewhere.
    """

    def __init__(self, urls: Sequence[str], rows: object, *, right: Callable[[Any], bool], clients: int = 4) -> None:
        self.answered = 0
        self.failures: list[str] = []
        self.moves = 0
        self._urls = list(urls)
        self._rows = rows
        self._right = right
        self._clients = clients
        self._answer = asyncio.Condition()

    async def __aenter__(self) -> Self:
        self._stop = asyncio.Event()
        self._tasks = [asyncio.create_task(self._client(number)) for number in range(self._clients)]
        await self.answers(self._clients)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        await asyncio.gather(*self._tasks)

    async def answers(self, more: int, timeout_s: float = 60) -> None:
        """Return when so many more requests have been answered rightly."""
        goal = self.answered + more
        async with asyncio.timeout(timeout_s), self._answer:
            await self._answer.wait_for(lambda: self.answered >= goal)

    async def _client(self, number: int) -> None:
        timeout = aiohttp.ClientTimeout(total=30)
        async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=1)) as http:
            urls = itertools.cycle(self._urls[number % len(self._urls) :] + self._urls[: number % len(self._urls)])
            url = next(urls)
            while not self._stop.is_set():
                for attempt in range(len(self._urls)):
                    self.moves += attempt
                    try:
                        fault = await self._ask(http, url)
                        break
                    except (aiohttp.ClientError, TimeoutError, OSError) as error:
                        fault = repr(error)
                        url = next(urls)
                if fault:
                    self.failures.append(fault)
                    continue
                async with self._answer:
                    self.answered += 1
                    self._answer.notify_all()

    async def _ask(self, http: aiohttp.ClientSession, url: str) -> str:
        """What was wrong with the answer; empty: nothing."""
        async with http.post(url, json=self._rows) as answer:
            text = await answer.text()
            if answer.status != 200:
                return f"{answer.status} {text}"
            return "" if self._right(await answer.json(content_type=None)) else f"a wrong answer: {text}"
