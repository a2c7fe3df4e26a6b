"""Load that counts: clients that ask again and again, and what they got that they should not have."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import aiohttp


@dataclass(frozen=True, slots=True)
class Failure:
    """A request that got what it should not have: `status` 0 and the error where it got no answer."""

    status: int
    content_type: str
    text: str
    took_s: float

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.text)
        return document


class Load:
    """An async context: inside it, `clients` clients post `rows` without a pause, each over a connection of its own.

    A client that cannot reach one of `urls`, or loses its connection there, asks the next, as behind a DNS name with
    several addresses; with one url that is a failure. `right` judges each answer.
    """

    def __init__(
        self,
        urls: Sequence[str],
        rows: object,
        *,
        right: Callable[[Any], bool],
        clients: int = 4,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.answered = 0
        """Requests that were answered rightly, and the longest that one of them took."""
        self.slowest_s = 0.0
        self.failures: list[Failure] = []
        self.moves: Counter[str] = Counter()
        """Requests that were asked again elsewhere, by the error that was the reason."""
        self._urls = list(urls)
        self._rows = rows
        self._right = right
        self._clients = clients
        self._headers = headers
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

    async def failed(self, more: int, timeout_s: float = 60) -> None:
        """Return when so many more requests have failed."""
        goal = len(self.failures) + more
        async with asyncio.timeout(timeout_s), self._answer:
            await self._answer.wait_for(lambda: len(self.failures) >= goal)

    async def moved(self, more: int, timeout_s: float = 60) -> None:
        """Return when so many more requests have been asked again elsewhere, and answered there."""
        goal = self.moves.total() + more
        async with asyncio.timeout(timeout_s), self._answer:
            await self._answer.wait_for(lambda: self.moves.total() >= goal)

    async def _client(self, number: int) -> None:
        timeout = aiohttp.ClientTimeout(total=30)
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(timeout=timeout, connector=connector, headers=self._headers) as http:
            urls = itertools.cycle(self._urls[number % len(self._urls) :] + self._urls[: number % len(self._urls)])
            url = next(urls)
            while not self._stop.is_set():
                begun = time.monotonic()
                for attempt in reversed(range(len(self._urls))):
                    try:
                        failure = await self._ask(http, url)
                        break
                    except (aiohttp.ClientError, TimeoutError, OSError) as error:
                        failure = Failure(0, "", repr(error), time.monotonic() - begun)
                        url = next(urls)
                        if attempt:
                            self.moves[type(error).__name__] += 1
                async with self._answer:
                    if failure:
                        self.failures.append(failure)
                    else:
                        self.answered += 1
                        self.slowest_s = max(self.slowest_s, time.monotonic() - begun)
                    self._answer.notify_all()

    async def _ask(self, http: aiohttp.ClientSession, url: str) -> Failure | None:
        """What was wrong with the answer; None: nothing."""
        begun = time.monotonic()
        async with http.post(url, json=self._rows) as answer:
            text = await answer.text()
        if answer.status == 200 and self._right(json.loads(text)):
            return None
        return Failure(answer.status, answer.content_type, text, time.monotonic() - begun)
