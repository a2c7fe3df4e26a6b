"""The embedded store: one SQLite file, written by one process.

Each call runs on the store's own thread, in the order of the calls; a write is on the disk when it returns.
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from catenary.errors import PreconditionFailed, SetupError, Unavailable
from catenary.store import Entry

log = logging.getLogger(__name__)

T = TypeVar("T")

_SCHEMA = """
CREATE TABLE IF NOT EXISTS entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counter (id INTEGER PRIMARY KEY CHECK (id = 0), revision INTEGER NOT NULL);
INSERT OR IGNORE INTO counter VALUES (0, 0);
"""


class SqliteStore:
    """Implements `catenary.store.Store`. Open it with `open`, close it with `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._changed = asyncio.Condition()
        self._writing: set[asyncio.Task[Any]] = set()
        self._connection: sqlite3.Connection | None = None

    async def open(self) -> None:
        """Raises SetupError where the file cannot be opened, or is not such a store."""
        loop = asyncio.get_running_loop()
        try:
            await loop.run_in_executor(self._thread, self._connect)
        except (sqlite3.Error, OSError) as error:
            self._thread.shutdown()
            raise SetupError(f"the store {self._path} cannot be opened: {error}") from error

    async def close(self) -> None:
        await asyncio.gather(*self._writing, return_exceptions=True)
        if self._connection:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._connection.close)
        self._thread.shutdown()

    async def get(self, key: str) -> Entry | None:
        return await self._call(lambda db: _get(db, key))

    async def list(self, prefix: str) -> list[Entry]:
        return await self._call(lambda db: _list(db, prefix))

    async def put(self, key: str, value: bytes, *, expect: int | None = None) -> Entry:
        def write(db: sqlite3.Connection) -> Entry:
            _check(db, key, expect)
            revision = _next_revision(db)
            db.execute("INSERT OR REPLACE INTO entries VALUES (?, ?, ?)", (key, value, revision))
            return Entry(key, value, revision)

        return await self._write(write)

    async def delete(self, key: str, *, expect: int | None = None) -> bool:
        def remove(db: sqlite3.Connection) -> bool:
            _check(db, key, expect)
            _next_revision(db)
            return db.execute("DELETE FROM entries WHERE key = ?", (key,)).rowcount > 0

        return await self._write(remove)

    async def watch(self, prefix: str) -> AsyncIterator[Sequence[Entry]]:
        seen: list[Entry] | None = None
        while True:
            async with self._changed:
                entries = await self.list(prefix)
                if entries == seen:
                    await self._changed.wait()
                    continue
            seen = entries
            yield entries

    def _connect(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=2)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(_SCHEMA)
        self._connection = connection

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` and tell the watches; shielded, for a write that was cancelled has to be told of all the same."""

        async def write() -> T:
            result = await self._call(work)
            async with self._changed:
                self._changed.notify_all()
            return result

        writing = asyncio.create_task(write(), name="write to the store")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return await asyncio.shield(writing)

    async def _call(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction on the store's thread."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work)
        except sqlite3.Error as error:
            raise Unavailable(f"the store {self._path.name} cannot be used just now: {error}") from error

    def _transaction(self, work: Callable[[sqlite3.Connection], T]) -> T:
        if self._connection is None:
            raise RuntimeError("the store is not open")
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            return work(self._connection)


def _get(db: sqlite3.Connection, key: str) -> Entry | None:
    row = db.execute("SELECT key, value, revision FROM entries WHERE key = ?", (key,)).fetchone()
    return Entry(*row) if row else None


def _list(db: sqlite3.Connection, prefix: str) -> list[Entry]:
    rows = db.execute(
        "SELECT key, value, revision FROM entries WHERE substr(key, 1, ?) = ? ORDER BY key", (len(prefix), prefix)
    )
    return list(map(Entry._make, rows))


def _check(db: sqlite3.Connection, key: str, expect: int | None) -> None:
    if expect is None:
        return
    entry = _get(db, key)
    revision = entry.revision if entry else 0
    if revision != expect:
        raise PreconditionFailed(key.rpartition("/")[2], revision or None)


def _next_revision(db: sqlite3.Connection) -> int:
    db.execute("UPDATE counter SET revision = revision + 1")
    revision: int = db.execute("SELECT revision FROM counter").fetchone()[0]
    return revision
