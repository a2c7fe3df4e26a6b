"""What becomes of pipelines when a store loses its data, with one manager and with two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from catenary.messages import Pipeline
from catenary.store import Entry
from catenary.store.sqlite import SqliteStore
from manager.history import KEY
from manager.pipelines import PIPELINES, PipelineBook
from manager.registry import nobody


class LossyStore(SqliteStore):
    """Loses everything when it is told to, or right after the next question for `lose_after`."""

    lose_after = ""

    async def lose(self) -> None:
        for entry in await self.list(""):
            await self.delete(entry.key)

    async def get(self, key: str) -> Entry | None:
        entry = await super().get(key)
        if key == self.lose_after:
            self.lose_after = ""
            await self.lose()
        return entry


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[LossyStore]:
    store = LossyStore(tmp_path / "store.db")
    await store.open()
    yield store
    await store.close()


def pipeline(name: str) -> Pipeline:
    return Pipeline.model_validate({"name": name, "chain": ["a/m"]})


async def read(book: PipelineBook) -> list[str]:
    return [stored.pipeline.name for stored in await book.read()]


async def test_what_a_store_has_lost_is_written_back_and_what_was_deleted_is_not(store: LossyStore) -> None:
    losses: list[str] = []
    book = PipelineBook(store, lambda: losses.append("told"))
    await book.read()
    for name in ("p", "q"):
        await book.put(pipeline(name), None)
    assert await read(book) == ["p", "q"]
    await store.delete(PIPELINES + "q")
    assert await read(book) == ["p"]
    assert losses == []
    await store.lose()
    assert await read(book) == ["p"]
    assert losses == ["told"]
    assert [entry.key for entry in await store.list(PIPELINES)] == [PIPELINES + "p"]


async def test_a_loss_that_another_manager_has_mended_is_not_seen_in_the_next_deletion(store: LossyStore) -> None:
    one, two = PipelineBook(store, nobody), PipelineBook(store, nobody)
    await one.read()
    await one.put(pipeline("p"), None)
    assert [await read(one), await read(two)] == [["p"], ["p"]]
    await store.lose()
    assert await read(two) == ["p"]
    # Nothing is missing any more when this one looks.
    assert await read(one) == ["p"]
    await two.delete("p", None)
    assert await read(one) == []
    assert await read(two) == []


async def test_a_loss_in_the_midst_of_reading_is_no_deletion(store: LossyStore) -> None:
    book = PipelineBook(store, nobody)
    await book.read()
    await book.put(pipeline("p"), None)
    assert await read(book) == ["p"]
    store.lose_after = KEY
    await book.read()
    assert await read(book) == ["p"]
