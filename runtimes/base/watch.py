"""Keeps the models up with the repository's index; while the repository is away, what is loaded serves on."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from catenary.errors import Unavailable
from runtimes.base.models import Models
from runtimes.base.repository import Repository

log = logging.getLogger(__name__)

WAIT_S = 5
"""How long the repository may hold the question whether the index has changed; it drains no longer than that."""
FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 5.0


class IndexWatch:
    """Belongs to one event loop; its owner runs `run` as a task and stops it by cancelling that."""

    def __init__(self, repository: Repository, models: Models) -> None:
        self._repository = repository
        self._models = models
        self._etag = ""
        self._refreshing: asyncio.Task[None] | None = None
        self.away = ""
        """Why the repository cannot be asked just now; empty: it can."""

    async def run(self) -> None:
        """Follow the index for ever."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                await self._look(WAIT_S if self._etag else 0)
                pause_s = FIRST_PAUSE_S
                continue
            except Unavailable:
                pass  # It has been logged.
            except Exception:
                log.exception("the index cannot be followed")
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    async def refresh(self) -> None:
        """Look at the index now; callers at the same time share one look. A repository that is away is no error."""
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self._refresh(), name="refresh the index")
        await asyncio.shield(self._refreshing)

    async def _refresh(self) -> None:
        with contextlib.suppress(Unavailable):
            await self._look(0)

    async def _look(self, wait_s: int) -> None:
        try:
            answer = await self._repository.index(self._etag, wait_s)
        except Unavailable as error:
            if not self.away:
                log.warning("the repository is away, what is loaded serves on: %s", error)
            self.away = str(error)
            raise
        if self.away:
            log.info("the repository is back")
            self.away = ""
        if answer:
            index, self._etag = answer
            self._models.follow(index)
