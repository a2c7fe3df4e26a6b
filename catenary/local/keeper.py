"""Keeps one part of the stack running: starts it, and starts it again with back-off when it dies.

A part that finds its machine or its settings wrong before it was ever ready is left dead: to start it again would not
help. Decides nothing about the other parts.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from catenary.errors import SetupError
from catenary.local.parts import Part
from catenary.sidecar.children import Child, Children

log = logging.getLogger(__name__)

SETUP_STATUS = 2
"""The exit status of a part that found its machine or its settings wrong."""
FIRST_BACK_OFF_S = 0.5
LONGEST_BACK_OFF_S = 10.0
WELL_AFTER_S = 30.0
"""A part that ran for so long was well: its next death counts as a first one."""


class Keeper:
    """One part, whose output goes to `log_file`; `on_change` is called when `pid` or `restarts` changes.

    For a single event loop.
    """

    def __init__(self, part: Part, children: Children, log_file: Path, on_change: Callable[[], None]) -> None:
        self.part = part
        self.log_file = log_file
        self.deaths = 0
        """How often it died unasked."""
        self.last_status: int | None = None
        """The exit status of its last death."""
        self.was_ready = False
        """Whether it has been ready once, in this life or another; who keeps the keeper says so."""
        self._children = children
        self._on_change = on_change
        self._child: Child | None = None
        self._task: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Its process; None while there is none."""
        return self._child.pid if self._child and not self._child.ended.done() else None

    @property
    def found_setup_wrong(self) -> bool:
        """Whether it has ended for good."""
        return self.last_status == SETUP_STATUS and not self.was_ready

    def start(self) -> None:
        self._task = asyncio.create_task(self._keep(), name=f"keeper of {self.part.name}")

    async def release(self) -> None:
        """Start it no more; what runs runs on."""
        if self._task:
            self._task.cancel()
            await asyncio.wait({self._task})

    async def stop(self, grace_s: float) -> None:
        """End it: TERM, and KILL after `grace_s` seconds."""
        await self.release()
        if self._child and not await self._child.stop(grace_s):
            log.warning("%s did not end within %g s and was killed", self.part.name, grace_s)

    async def _keep(self) -> None:
        clock = asyncio.get_running_loop().time
        back_off_s = FIRST_BACK_OFF_S
        while True:
            began = clock()
            self.last_status = await self._run_once()
            self.deaths += 1
            if self.found_setup_wrong:
                self._on_change()
                return
            lived_s = clock() - began
            if lived_s >= WELL_AFTER_S:
                back_off_s = FIRST_BACK_OFF_S
            log.warning(
                "%s ended with status %d after %.1f s and is started again in %g s; its log is %s",
                *(self.part.name, self.last_status, lived_s, back_off_s, self.log_file),
            )
            self._on_change()
            await asyncio.sleep(back_off_s)
            back_off_s = min(2 * back_off_s, LONGEST_BACK_OFF_S)

    async def _run_once(self) -> int:
        """From its start to its death; returns the exit status."""
        part = self.part
        try:
            with self.log_file.open("ab") as output:
                self._child = await self._children.start(part.name, part.command, part.environment, output.fileno())
        except (SetupError, OSError) as error:
            # No process or no disk left: that may pass.
            log.warning("%s", error)
            return 1
        self._on_change()
        # Waited for, not awaited: to release the keeper must not cancel the child's end.
        await asyncio.wait({self._child.ended})
        return self._child.ended.result()
