"""The pipelines as they are stored, each with its revision.

What was last read is kept: it answers while the store does not, and is written back to a store that has lost it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import orjson
from pydantic import ValidationError

from catenary.errors import CatenaryError, NotFound, PreconditionFailed, Unavailable
from catenary.messages import Pipeline
from catenary.store import Entry, Store
from manager.history import history_of

log = logging.getLogger(__name__)

PIPELINES = "catenary/pipelines/"

READ_S = 0.5
"""How long a reader waits for the store, before what was last known answers."""


@dataclass(frozen=True, slots=True)
class StoredPipeline:
    pipeline: Pipeline
    revision: int


class PipelineBook:
    """Used from one loop; what has been parsed once is not parsed again.

    `lost` is called when the store is found to have lost its data.
    """

    def __init__(self, store: Store, lost: Callable[[], object]) -> None:
        self._store = store
        self._lost = lost
        self._parsed: dict[str, tuple[Entry, StoredPipeline]] = {}
        self._known: dict[str, Entry] | None = None
        """By key, what was last read or written; None: the store has not been read yet."""
        self._history = ""

    async def read(self) -> list[StoredPipeline]:
        """What the store holds now, in the order of the names. Only one task at a time may ask.

        A store that has lost its data gets back what was known. Raises Unavailable.
        """
        entries = await self._store.list(PIPELINES)
        # Asked every time: where others have mended a loss already, nothing is missing.
        history = await history_of(self._store)
        if self._history not in ("", history):
            self._lost()
            entries = await self._write_back()
        self._history = history
        self._known = {entry.key: entry for entry in entries}
        self._parsed = {key: parsed for key, parsed in self._parsed.items() if key in self._known}
        return self._all(entries)

    async def all(self) -> list[StoredPipeline]:
        """The same for readers: while the store does not answer, what was last known."""
        try:
            async with asyncio.timeout(READ_S):
                return self._all(await self._store.list(PIPELINES))
        except (Unavailable, TimeoutError):
            return self.last_known()

    def last_known(self) -> list[StoredPipeline]:
        """Raises Unavailable where the store has not been read yet."""
        return self._all(self._last().values())

    async def get(self, name: str) -> StoredPipeline:
        """Raises NotFound with the names that are near. While the store does not answer, as `all`."""
        key = PIPELINES + name
        try:
            async with asyncio.timeout(READ_S):
                entry = await self._store.get(key)
        except (Unavailable, TimeoutError):
            entry = self._last().get(key)
        if entry is None:
            raise NotFound("pipeline", name, [stored.pipeline.name for stored in await self.all()])
        return self._parse(entry)

    async def put(self, pipeline: Pipeline, expect: int | None) -> tuple[StoredPipeline, bool]:
        """Store `pipeline`; also whether it is new. `expect` as in `Store.put`."""
        key = PIPELINES + pipeline.name
        existed = await self._store.get(key) is not None
        entry = await self._store.put(key, orjson.dumps(pipeline.model_dump(mode="json")), expect=expect)
        if self._known is not None:
            self._known[key] = entry
        return StoredPipeline(pipeline, entry.revision), not existed

    async def delete(self, name: str, expect: int | None) -> None:
        """Raises NotFound."""
        if not await self._store.delete(PIPELINES + name, expect=expect):
            await self.get(name)
        if self._known is not None:
            self._known.pop(PIPELINES + name, None)

    async def _write_back(self) -> list[Entry]:
        known = self._last()
        log.warning("the store has lost its data: the %d pipelines that were last known are written back", len(known))
        for entry in known.values():
            # What somebody has written since stands.
            with contextlib.suppress(PreconditionFailed):
                await self._store.put(entry.key, entry.value, expect=0)
        return await self._store.list(PIPELINES)

    def _last(self) -> dict[str, Entry]:
        if self._known is None:
            raise Unavailable("the pipelines are not known yet: the store has not been read")
        return self._known

    def _all(self, entries: Iterable[Entry]) -> list[StoredPipeline]:
        found = []
        for entry in sorted(entries, key=lambda entry: entry.key):
            try:
                found.append(self._parse(entry))
            except CatenaryError as error:
                log.error("%s", error)
        return found

    def _parse(self, entry: Entry) -> StoredPipeline:
        known, stored = self._parsed.get(entry.key, (None, None))
        if stored and known == entry:
            return stored
        try:
            stored = StoredPipeline(Pipeline.model_validate(orjson.loads(entry.value)), entry.revision)
        except (ValidationError, orjson.JSONDecodeError) as error:
            name = entry.key.removeprefix(PIPELINES)
            raise CatenaryError(f"the stored pipeline {name!r} cannot be read by this version: {error}") from error
        self._parsed[entry.key] = entry, stored
        return stored
