"""Which version of each model is served, which is on its way, and why one is not.

Follows the repository's index: `follow` it and each model is brought up beside what it serves, then switched. Nothing
else changes what is served; a version that cannot be loaded never does.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Coroutine
from typing import Any

from catenary import logs, names
from catenary.errors import ModelBroken, NotFound, Unavailable
from catenary.messages import IndexEntry, LoadedModel
from runtimes.base.deadline import Deadline
from runtimes.base.metrics import RuntimeMetrics
from runtimes.base.repository import Index
from runtimes.base.version import Loader, Version

log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 10.0


class _Slot:
    """One model: what the index says of it (`entry`), and how far it is."""

    def __init__(self, entry: IndexEntry) -> None:
        self.entry = entry
        self.served: Version | None = None
        self.failed: tuple[str, str] | None = None
        """A version that cannot be loaded, and why."""
        self.delayed = ""
        """Why the load did not succeed yet."""
        self.changed = asyncio.Event()
        self.bringing_up: asyncio.Task[None] | None = None

    def fault(self) -> str:
        """Why what the index names can never be served; empty: it is, or may yet be."""
        if self.entry.state == "broken":
            return self.entry.reason
        if self.failed and self.failed[0] == self.entry.version:
            return self.failed[1]
        return ""

    def wants_load(self) -> bool:
        current = self.served is not None and self.served.metadata.version == self.entry.version
        return self.entry.state == "ready" and not current and not self.fault()

    def is_pending(self) -> bool:
        """Whether nothing is served yet, but may soon be."""
        return self.served is None and not self.fault()

    def state(self) -> LoadedModel:
        name, fault = self.entry.name, self.fault()
        waiting = self.entry.reason or self.delayed
        if self.served is None:
            return LoadedModel(
                name=name, version=self.entry.version, state="broken" if fault else "loading", reason=fault or waiting
            )
        reason = f"a newer version cannot be served: {fault}" if fault else waiting
        return LoadedModel(name=name, version=self.served.metadata.version, state="ready", reason=reason)

    def notify(self) -> None:
        self.changed.set()
        self.changed = asyncio.Event()


class Models:
    """The models of one type; `only`: their names, empty for all. Belongs to one event loop."""

    def __init__(self, type_: str, only: frozenset[str], loader: Loader, metrics: RuntimeMetrics) -> None:
        self._type = type_
        self._only = only
        self._loader = loader
        self._metrics = metrics
        self._slots: dict[str, _Slot] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._first: set[str] | None = None

    def served(self, name: str) -> Version | None:
        """The version of `name` that answers now."""
        slot = self._slots.get(name)
        return slot.served if slot else None

    async def wait_for(self, name: str, deadline: Deadline) -> Version:
        """The version of `name`, once it is loaded.

        Raises NotFound for a model that the index does not have, ModelBroken for one that cannot be loaded,
        Unavailable when the time is over.
        """
        try:
            async with asyncio.timeout(deadline.left_s()):
                while True:
                    slot = self._slots.get(name)
                    if slot is None:
                        raise NotFound("model", name, self._slots)
                    if slot.served:
                        return slot.served
                    if fault := slot.fault():
                        raise ModelBroken(name, fault)
                    await slot.changed.wait()
        except TimeoutError:
            raise Unavailable(f"model {name!r} is still being loaded") from None

    def states(self) -> list[LoadedModel]:
        """What there is to say of each model, by name."""
        return [slot.state() for _, slot in sorted(self._slots.items())]

    def waiting_for(self) -> list[str] | None:
        """The models of the first index that are neither loaded nor broken yet; None: there was no index yet."""
        if self._first is None:
            return None
        self._first = {name for name in self._first if (slot := self._slots.get(name)) and slot.is_pending()}
        return sorted(self._first)

    def follow(self, index: Index) -> None:
        """Make `index` what is to be served: loads begin, models that are gone go at once."""
        entries = {entry.name: entry for entry in index if self._is_mine(entry)}
        for name in self._slots.keys() - entries.keys():
            self._remove(name)
        for name, entry in entries.items():
            slot = self._slots.get(name)
            if entry.state == "broken" and (slot is None or slot.entry != entry):
                log.warning("model %r is broken in the repository: %s", name, entry.reason)
            if slot is None:
                slot = self._slots[name] = _Slot(entry)
                self._metrics.expected(name)
            elif slot.entry != entry:
                slot.entry = entry
                slot.notify()
            if slot.wants_load() and (slot.bringing_up is None or slot.bringing_up.done()):
                slot.bringing_up = self._start(self._bring_up(slot), f"load {name}")
        if self._first is None:
            self._first = set(entries)

    def _is_mine(self, entry: IndexEntry) -> bool:
        return (
            entry.runtime == self._type and names.is_name(entry.name) and (not self._only or entry.name in self._only)
        )

    def _remove(self, name: str) -> None:
        slot = self._slots.pop(name)
        slot.notify()
        self._metrics.gone(name)
        if slot.bringing_up:
            slot.bringing_up.cancel()
        log.info("model %r is gone from the repository: it is no longer served", name)
        self._start(self._loader.discard(name, keep=None), f"discard {name}")

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("%s failed", task.get_name(), exc_info=error)

    async def close(self) -> None:
        """Stop bringing models up; what is served goes on to be."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _bring_up(self, slot: _Slot) -> None:
        """Load what `slot` wants until it wants nothing more."""
        name = slot.entry.name
        logs.model.set(name)
        pause_s = FIRST_PAUSE_S
        while slot.wants_load():
            version = slot.entry.version
            began = time.perf_counter()
            try:
                slot.served = await self._loader.load(name, version)
            except ModelBroken as error:
                self._metrics.loaded(name, "broken", time.perf_counter() - began)
                slot.failed = (version, error.reason)
                log.warning("version %s cannot be loaded: %s", version, error.reason, exc_info=error.__cause__)
            except Unavailable as error:
                self._metrics.loaded(name, "unavailable", time.perf_counter() - began)
                if not slot.delayed:
                    log.warning("version %s cannot be loaded yet: %s", version, error)
                slot.delayed = str(error)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(pause_s):
                        await slot.changed.wait()
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                continue
            else:
                self._metrics.loaded(name, "ok", time.perf_counter() - began)
                self._metrics.served(name, version)
                log.info("version %s is served", version)
            slot.delayed = ""
            pause_s = FIRST_PAUSE_S
            slot.notify()
            if slot.served:
                await self._loader.discard(name, keep=slot.served.metadata.version)
        # The index may have gone back to what is served while another version could not be loaded yet.
        slot.delayed = ""
