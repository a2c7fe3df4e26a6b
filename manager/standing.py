"""How the manager stands with its store: what of it fails and since when, told once when it begins and once at its end.

Owns the trying again of everything that follows the store.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Literal

from catenary.errors import Unavailable

log = logging.getLogger(__name__)

# Of a registry: what it follows (instances, health), keeps at Consul's agent, and has still to tell of those that left.
Part = Literal["start", "pipelines", "instances", "health", "agent", "leaving"]

FIRST_PAUSE_S = 0.1
LONGEST_PAUSE_S = 3.0


class Standing:
    """Used from one loop."""

    def __init__(self) -> None:
        self.since: datetime | None = None
        """Since when not all is well; None: it is."""
        self._faults: dict[Part, str] = {}

    @property
    def faults(self) -> tuple[str, ...]:
        """A sentence for each thing that is wrong."""
        return tuple(dict.fromkeys(self._faults.values()))

    def fails(self, *parts: Part) -> bool:
        return any(part in self._faults for part in parts)

    def failed(self, part: Part, error: Unavailable) -> None:
        if not self._faults:
            self.since = datetime.now(UTC)
            log.warning("%s; what was last known goes on being served, and it is tried again", error)
        self._faults[part] = str(error)

    def well(self, part: Part) -> None:
        if self._faults.pop(part, None) is None or self._faults or self.since is None:
            return
        log.info("the store is well again, after %.1f s", (datetime.now(UTC) - self.since).total_seconds())
        self.since = None

    async def keep(self, part: Part, work: Callable[[], Awaitable[None]]) -> None:
        """Run `work`, which calls `well(part)` as it gets on, until it returns: anew after each Unavailable."""
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                return await work()
            except Unavailable as error:
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S) if self.fails(part) else FIRST_PAUSE_S
                self.failed(part, error)
                # Managers that lost the same Consul do not all come back in the same moment.
                await asyncio.sleep(pause_s * random.uniform(0.7, 1.3))  # noqa: S311
