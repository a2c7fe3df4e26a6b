"""The pipelines as they are stored, each with its revision."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import orjson
from pydantic import ValidationError

from catenary.errors import CatenaryError, NotFound
from catenary.messages import Pipeline
from catenary.store import Entry, Store

log = logging.getLogger(__name__)

PIPELINES = "catenary/pipelines/"


@dataclass(frozen=True, slots=True)
class StoredPipeline:
    pipeline: Pipeline
    revision: int


class PipelineBook:
    """Reads through to the store; what has been parsed once is not parsed again."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._parsed: dict[str, StoredPipeline] = {}

    async def all(self) -> list[StoredPipeline]:
        """In the order of their names."""
        entries = await self._store.list(PIPELINES)
        parsed = {}
        for entry in entries:
            try:
                parsed[entry.key] = self._parse(entry)
            except CatenaryError as error:
                log.error("%s", error)
        self._parsed = parsed
        return list(parsed.values())

    async def get(self, name: str) -> StoredPipeline:
        """Raises NotFound with the names that are near."""
        entry = await self._store.get(PIPELINES + name)
        if entry is None:
            raise NotFound("pipeline", name, [stored.pipeline.name for stored in await self.all()])
        return self._parse(entry)

    async def put(self, pipeline: Pipeline, expect: int | None) -> tuple[StoredPipeline, bool]:
        """Store `pipeline`; also whether it is new. `expect` as in `Store.put`."""
        key = PIPELINES + pipeline.name
        existed = await self._store.get(key) is not None
        entry = await self._store.put(key, orjson.dumps(pipeline.model_dump(mode="json")), expect=expect)
        return StoredPipeline(pipeline, entry.revision), not existed

    async def delete(self, name: str, expect: int | None) -> None:
        """Raises NotFound."""
        if not await self._store.delete(PIPELINES + name, expect=expect):
            await self.get(name)

    def _parse(self, entry: Entry) -> StoredPipeline:
        known = self._parsed.get(entry.key)
        if known and known.revision == entry.revision:
            return known
        try:
            return StoredPipeline(Pipeline.model_validate(orjson.loads(entry.value)), entry.revision)
        except (ValidationError, orjson.JSONDecodeError) as error:
            name = entry.key.removeprefix(PIPELINES)
            raise CatenaryError(f"the stored pipeline {name!r} cannot be read by this version: {error}") from error
