"""The contract of a store, held by every implementation."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catenary.errors import PreconditionFailed, SetupError, Unavailable
from catenary.store import Entry, Store
from catenary.store.sqlite import SqliteStore


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = SqliteStore(tmp_path / "state" / "store.db")
    await store.open()
    yield store
    await store.close()


async def test_what_is_put_is_got(store: Store) -> None:
    entry = await store.put("a/b", b"\x00value")
    assert await store.get("a/b") == entry == Entry("a/b", b"\x00value", entry.revision)
    assert await store.get("a") is None


async def test_revisions_grow_and_are_never_used_again(store: Store) -> None:
    first = await store.put("a", b"1")
    second = await store.put("b", b"1")
    await store.delete("a")
    third = await store.put("a", b"1")
    assert 0 < first.revision < second.revision < third.revision


async def test_a_list_holds_the_keys_under_its_prefix_in_order(store: Store) -> None:
    for key in ("p/b", "p/a", "p_/c", "q/a", "p/%", "P/a"):
        await store.put(key, b"")
    assert [e.key for e in await store.list("p/")] == ["p/%", "p/a", "p/b"]
    assert await store.list("x/") == []


async def test_put_compares_and_sets(store: Store) -> None:
    entry = await store.put("a", b"1", expect=0)
    with pytest.raises(PreconditionFailed):
        await store.put("a", b"2", expect=0)
    with pytest.raises(PreconditionFailed):
        await store.put("a", b"2", expect=entry.revision + 1)
    await store.put("a", b"2", expect=entry.revision)
    with pytest.raises(PreconditionFailed):
        await store.put("none", b"2", expect=17)
    assert [(e.key, e.value) for e in await store.list("")] == [("a", b"2")]


async def test_delete_compares_and_tells_whether_there_was_one(store: Store) -> None:
    entry = await store.put("a", b"1")
    with pytest.raises(PreconditionFailed):
        await store.delete("a", expect=entry.revision + 1)
    assert await store.delete("a", expect=entry.revision)
    assert not await store.delete("a")


async def test_of_many_writers_with_the_same_expectation_one_wins(store: Store) -> None:
    async def write(value: int) -> bool:
        try:
            await store.put("a", str(value).encode(), expect=0)
        except PreconditionFailed:
            return False
        return True

    assert sum(await asyncio.gather(*(write(i) for i in range(20)))) == 1


async def test_a_watch_gives_the_list_at_once_and_after_each_change(store: Store) -> None:
    await store.put("p/a", b"1")
    watch = store.watch("p/")
    assert [e.key for e in await anext(watch)] == ["p/a"]
    following = asyncio.ensure_future(anext(watch))
    await store.put("other", b"1")
    await store.put("p/b", b"1")
    assert [e.key for e in await asyncio.wait_for(following, 5)] == ["p/a", "p/b"]
    following = asyncio.ensure_future(anext(watch))
    await store.delete("p/a")
    assert [e.key for e in await asyncio.wait_for(following, 5)] == ["p/b"]


async def test_a_cancelled_write_that_happened_is_told_to_the_watch(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    watch = store.watch("")
    assert await anext(watch) == []
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    writing = asyncio.ensure_future(store.put("a", b"1"))
    following = asyncio.ensure_future(anext(watch))
    await asyncio.sleep(0.1)
    writing.cancel()
    other.execute("ROLLBACK")
    other.close()
    assert [e.key for e in await asyncio.wait_for(following, 5)] == ["a"]
    await store.close()


async def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    for value in (b"1", b"2"):
        store = SqliteStore(path)
        await store.open()
        before = await store.get("a")
        assert before is None or before.value == b"1"
        await store.put("a", value, expect=before.revision if before else 0)
        await store.close()


async def test_a_file_that_is_no_store_is_a_setup_error(tmp_path: Path) -> None:
    path = tmp_path / "store.db"
    path.write_bytes(b"this is not a database, but it is long enough to look like one" * 20)
    with pytest.raises(SetupError, match=r"store\.db cannot be opened"):
        await SqliteStore(path).open()


async def test_a_locked_file_is_unavailable_and_loses_nothing(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    await store.put("a", b"1")
    other = sqlite3.connect(tmp_path / "store.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(Unavailable):
        await store.put("a", b"2")
    other.execute("ROLLBACK")
    other.close()
    entry = await store.get("a")
    assert entry is not None
    assert entry.value == b"1"
    await store.put("a", b"2")
    await store.close()


_KEYS = st.sampled_from(["a", "a/b", "a/c", "b", ""])
_STEP = st.tuples(st.sampled_from(["put", "delete", "cas"]), _KEYS, st.binary(max_size=4))


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEP, max_size=20))
async def test_it_behaves_like_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, str, bytes]]
) -> None:
    store = SqliteStore(tmp_path_factory.mktemp("store") / "store.db")
    await store.open()
    model: dict[str, bytes] = {}
    for action, key, value in steps:
        if action == "put":
            await store.put(key, value)
            model[key] = value
        elif action == "delete":
            assert await store.delete(key) == (model.pop(key, None) is not None)
        elif key not in model:
            await store.put(key, value, expect=0)
            model[key] = value
    assert {e.key: e.value for e in await store.list("")} == model
    await store.close()
