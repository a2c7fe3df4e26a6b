"""What holds of the embedded store alone."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from catenary.errors import SetupError, Unavailable
from catenary.store.sqlite import MENDED_RETRY_S, SqliteStore


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


def damaged(path: Path) -> dict[str, bytes]:
    """What may stand where a store of some pages stood: by what befell it."""
    whole = path.read_bytes()
    with contextlib.closing(sqlite3.connect(path.with_name("other.db"))) as other:
        other.execute("CREATE TABLE entries (of_another INTEGER)")
    return {
        "garbage": b"this is not a database, but it is long enough to look like one" * 20,
        "emptied": b"",
        "truncated": whole[: len(whole) // 2],
        "truncated in a page": whole[:-100],
        "a page zeroed": whole[:4096] + bytes(4096) + whole[8192:],
        "another database": path.with_name("other.db").read_bytes(),
    }


IN_USE = ("garbage", "emptied", "truncated", "another database")
"""What each transaction notices by itself."""
DAMAGES = (*IN_USE, "truncated in a page", "a page zeroed")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    """Open, with some pages of entries."""
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    for number in range(20):
        await store.put(f"old/{number:02}", b"x" * 2000)
    yield store
    await store.close()


@pytest.mark.parametrize("damage", DAMAGES)
async def test_a_damaged_file_is_a_setup_error_and_is_left_as_it_is(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "store.db"
    store = SqliteStore(path)
    await store.open()
    for number in range(20):
        await store.put(str(number), b"x" * 2000)
    await store.close()
    spoilt = damaged(path)[damage]
    path.write_bytes(spoilt)
    with pytest.raises(SetupError, match=r"store\.db cannot be opened: .*; put a copy of it in its place, or move it"):
        await SqliteStore(path).open()
    assert path.read_bytes() == spoilt


@pytest.mark.parametrize("damage", IN_USE)
async def test_a_file_that_is_damaged_in_use_takes_no_write_until_it_is_whole_again(
    store: SqliteStore, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "store.db"
    whole, spoilt = path.read_bytes(), damaged(path)[damage]
    os.truncate(path, 0)
    path.write_bytes(spoilt)
    for call in (store.list(""), store.put("new", b"1")):
        with pytest.raises(Unavailable, match="; put a copy of it in its place") as refused:
            await call
        assert refused.value.retry_after_s == MENDED_RETRY_S
    assert path.read_bytes() == spoilt
    path.write_bytes(whole)
    assert len(await store.list("old/")) == 20
    await store.put("new", b"1")


async def test_a_file_that_is_taken_away_in_use_is_written_anew(store: SqliteStore, tmp_path: Path) -> None:
    before = await store.list("")
    shutil.rmtree(tmp_path)
    entry = await store.put("new", b"1")
    assert await store.list("") == [entry, *before]
    other = SqliteStore(tmp_path / "store.db")
    await other.open()
    assert await other.list("") == [entry, *before]
    await other.close()


@pytest.mark.parametrize("size_bytes", [0, 8192])
async def test_a_file_that_is_damaged_and_then_taken_away_is_begun_anew_once_that_is_told(
    store: SqliteStore, tmp_path: Path, size_bytes: int
) -> None:
    os.truncate(tmp_path / "store.db", size_bytes)
    (tmp_path / "store.db").unlink()
    with pytest.raises(Unavailable, match=r"store\.db cannot be used just now"):
        await store.put("new", b"1")
    entry = await store.put("new", b"1")
    assert await store.list("") == [entry]


async def test_a_copy_that_is_put_in_the_files_place_is_what_holds(store: SqliteStore, tmp_path: Path) -> None:
    copy = Path(shutil.copy(tmp_path / "store.db", tmp_path / "copy.db"))
    await store.put("new", b"1")
    copy.replace(tmp_path / "store.db")
    assert await store.get("new") is None
    assert len(await store.list("old/")) == 20


async def test_a_store_that_is_new_stands_there_whole_or_not_at_all(tmp_path: Path) -> None:
    # What a start that was killed has left.
    (tmp_path / "store.new").write_bytes(b"half")
    store = SqliteStore(tmp_path / "store.db")
    await store.open()
    assert await store.list("") == []
    await store.close()
    assert not (tmp_path / "store.new").exists()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    """Another process, so to say, holds the file and lets nobody read."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


async def test_a_locked_file_is_unavailable_and_loses_nothing(store: SqliteStore, tmp_path: Path) -> None:
    await store.put("a", b"1")
    with locked(tmp_path / "store.db"):
        for call in (store.put("a", b"2"), store.get("a")):
            with pytest.raises(Unavailable, match="locked") as refused:
                await call
            assert refused.value.retry_after_s == 1
    entry = await store.get("a")
    assert entry is not None
    assert entry.value == b"1"
    await store.put("a", b"2")


async def test_a_file_that_is_locked_when_it_is_opened_is_used_as_soon_as_it_can_be(
    store: SqliteStore, tmp_path: Path
) -> None:
    other = SqliteStore(tmp_path / "store.db")
    with locked(tmp_path / "store.db"):
        await other.open()
        with pytest.raises(Unavailable, match="locked"):
            await other.list("")
    assert len(await other.list("")) == 20
    await other.close()


async def test_while_another_process_writes_it_can_be_read(store: SqliteStore, tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert len(await store.list("")) == 20


async def test_a_watch_fails_once_a_write_has_failed_and_goes_on_when_it_can_be_written(
    store: SqliteStore, tmp_path: Path
) -> None:
    watch = store.watch("new")
    assert await anext(watch) == []
    following = asyncio.ensure_future(anext(watch))
    with contextlib.closing(sqlite3.connect(tmp_path / "store.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(Unavailable, match="locked"):
            await store.put("new", b"1")
        with pytest.raises(Unavailable, match="locked"):
            await asyncio.wait_for(following, 20)
        with pytest.raises(Unavailable, match="locked"):
            await anext(store.watch("new"))
        # What can be read is read.
        assert await store.list("new") == []
    assert await anext(store.watch("new")) == []
    await store.put("new", b"1")
