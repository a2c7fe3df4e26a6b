"""The instance's place in the registry: entered after its first passing check, renewed, left when checks fail."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from catenary.address import TcpAddress
from catenary.errors import SetupError, Unavailable
from catenary.messages import Instance
from catenary.sidecar.health import Health, HealthCheck
from catenary.sidecar.manager_client import ManagerClient

log = logging.getLogger(__name__)

START_POLL_S = 0.1
POLL_S = 0.5
"""How soon a model that was loaded or a failing app is seen."""
FAILURES_TO_LEAVE = 2
WORD_S = 5.0
"""How often an instance that is not ready yet says why."""


class Membership:
    """Owns the registration of `instance`, whose `models`, `address` and `metrics` it fills in. One task may run it."""

    def __init__(
        self,
        instance: Instance,
        address: Callable[[], Awaitable[TcpAddress]],
        metrics: Callable[[], Awaitable[TcpAddress]],
        health: HealthCheck,
        manager: ManagerClient,
        *,
        hang_s: float = 0.0,
        health_file: Path | None = None,
    ) -> None:
        self._instance = instance
        self._address = address
        self._metrics = metrics
        self._health = health
        self._manager = manager
        self._hang_s = hang_s
        self._health_file = health_file
        self._silent_since: float | None = None
        """When the first of the last checks ended that have all gone without an answer, on the loop's clock."""
        self._registered = False
        self._failures = 0
        self._lease_s = 6.0
        self._due = 0.0
        """When to call the manager next, on the loop's clock."""
        self._retry_s = 0.0
        """The pause before the next try while the manager is away; 0 while it is not."""

    @property
    def registered(self) -> bool:
        """Whether it is in the registry, as far as it knows."""
        return self._registered

    async def keep(self, stop: asyncio.Event, start_timeout_s: float) -> bool:
        """Enter, renew, leave and come back until `stop`, then leave; meanwhile the data plane needs nobody.

        Returns whether the app still answers: False when it has been silent for `hang_s`.
        Raises SetupError where no check passes within `start_timeout_s`, or the health file cannot be written.
        """
        await self._first_pass(stop, start_timeout_s)
        while not stop.is_set() and not self._hangs():
            await self._follow(await self._health.check())
            await _pause(stop, POLL_S)
        hangs = self._hangs()
        await self._leave()
        return not hangs

    def _hangs(self) -> bool:
        return self._silent_since is not None and 0 < self._hang_s < self._now() - self._silent_since

    async def _first_pass(self, stop: asyncio.Event, start_timeout_s: float) -> None:
        clock = asyncio.get_running_loop().time
        deadline = clock() + start_timeout_s
        patience = clock() + WORD_S
        while not (health := await self._health.check()).passing and not stop.is_set():
            if clock() > deadline:
                fault = await self._fault(health)
                raise SetupError(f"{self._instance.service} was not ready within {start_timeout_s:g} s: {fault}")
            if clock() > patience:
                log.info("is not ready yet: %s", await self._fault(health))
                patience = clock() + WORD_S
            await _pause(stop, START_POLL_S)

    async def _fault(self, health: Health) -> str:
        """Why the check does not pass: where the manager knows better than the check itself, in its words."""
        try:
            errors = await self._manager.envoy_errors(self._instance.id)
        except Unavailable as away:
            return str(away)
        if errors is None:
            return "its Envoy has not reached the manager's xDS"
        return f"its Envoy refuses the manager's configuration: {'; '.join(errors)}" if errors else health.fault

    async def _follow(self, health: Health) -> None:
        if not health.silent:
            self._silent_since = None
        elif self._silent_since is None:
            # Its end, not its beginning: what was suspended as a whole finds one check that took long, and no second.
            self._silent_since = self._now()
        if health.passing:
            self._failures = 0
            self._note_health()
            if not self._registered or health.models != self._instance.models:
                self._instance = self._instance.model_copy(update={"models": health.models})
                self._due = 0.0 if not self._retry_s else self._due
            if self._now() >= self._due:
                await self._enter()
            return
        self._failures += 1
        if self._failures == FAILURES_TO_LEAVE and self._registered:
            log.warning("leaving the registry until it is well again: %s", health.fault)
            await self._leave()

    def _note_health(self) -> None:
        try:
            if self._health_file:
                self._health_file.touch()
        except OSError as error:
            raise SetupError(
                f"CATENARY_HEALTH_FILE: {self._health_file} cannot be written: {error.strerror}"
            ) from error

    async def _enter(self) -> None:
        """Register or renew. While the manager is away the pauses grow up to a third of a lease."""
        try:
            where = {"address": str(await self._address()), "metrics": str(await self._metrics())}
            self._instance = self._instance.model_copy(update=where)
            self._lease_s = await self._manager.register(self._instance)
        except Unavailable as error:
            if not self._retry_s:
                log.warning("%s; requests go on, and it is tried again", error)
            self._retry_s = min(max(2 * self._retry_s, POLL_S), self._lease_s / 3)
            self._due = self._now() + self._retry_s
            return
        if not self._registered:
            log.info("registered as %s at %s", self._instance.id, self._instance.address)
        elif self._retry_s:
            log.info("the manager answers again")
        self._registered = True
        self._retry_s = 0.0
        self._due = self._now() + self._lease_s / 3

    async def _leave(self) -> None:
        """Returns when no gateway sends requests any more, as far as the manager can tell."""
        if not self._registered and not self._retry_s:
            return
        # A call that failed may have been heard.
        self._registered, self._retry_s = False, 0.0
        try:
            await self._manager.leave(self._instance.id)
        except Unavailable as error:
            log.warning("%s; the registration ends with its lease", error)

    def _now(self) -> float:
        return asyncio.get_running_loop().time()


async def _pause(stop: asyncio.Event, pause_s: float) -> None:
    """Sleep, but not longer than until `stop` is set."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(pause_s):
            await stop.wait()
