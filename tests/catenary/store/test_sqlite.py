"""What holds of the embedded store alone."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest

from catenary.errors import SetupError, Unavailable
from catenary.store.sqlite import SqliteStore


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
