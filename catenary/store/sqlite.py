"""The embedded store: one SQLite file, written by one process.

Each call runs on the store's own thread, in the order of the calls; a write is on the disk when it returns. The file
has a rollback journal, not a write-ahead log: so it can be read where nothing can be written, be it full or read-only,
and every transaction sees for itself whether it is whole. One that is damaged is refused, and never begun anew.
"""

from __future__ import annotations

import asyncio
import contextlib
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
CREATE TABLE entries (key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE counter (id INTEGER PRIMARY KEY CHECK (id = 0), revision INTEGER NOT NULL);
INSERT INTO counter VALUES (0, 0);
"""
LOCKED_S = 1.0
"""How long a call waits for another process to let go of the file."""
LOOK_S = 5.0
"""How often a watch looks at the file though nobody writes: so it is noticed that it is away."""
MENDED_RETRY_S = 10
"""When to try again what somebody has to mend first."""


class SqliteStore:
    """Implements `catenary.store.Store`. Open it with `open`, close it with `close`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="store")
        self._changed = asyncio.Event()
        self._failed = False
        """Whether a call has failed and none has written since."""
        self._writing: set[asyncio.Task[Any]] = set()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        """Which file the connection is to."""

    async def open(self) -> None:
        """Raises SetupError where the file cannot be opened, or is no store; for one that is locked the calls wait."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._opened)
        except (sqlite3.Error, OSError) as error:
            if _is_locked(error):
                return
            self._thread.shutdown()
            raise SetupError(f"the store {self._path} cannot be opened: {_told(error)}") from error

    async def close(self) -> None:
        await asyncio.gather(*self._writing, return_exceptions=True)
        await asyncio.get_running_loop().run_in_executor(self._thread, self._disconnect)
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
        """As `Store.watch`. Raises Unavailable while nothing can be written, too, once a write has failed."""
        seen: list[Entry] | None = None
        while True:
            changed = self._changed
            if self._failed:
                await self._write(_next_revision)
            entries = await self.list(prefix)
            if entries == seen:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(LOOK_S):
                        await changed.wait()
                continue
            seen = entries
            yield entries

    async def _write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` and tell the watches; shielded, for a write that was cancelled has to be told of all the same."""

        async def write() -> T:
            result = await self._call(work, "BEGIN IMMEDIATE")
            self._failed = False
            self._notify()
            return result

        writing = asyncio.create_task(write(), name="write to the store")
        self._writing.add(writing)
        writing.add_done_callback(self._writing.discard)
        return await asyncio.shield(writing)

    async def _call(self, work: Callable[[sqlite3.Connection], T], begin: str = "BEGIN") -> T:
        """Run `work` in a transaction on the store's thread."""
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, work, begin)
        except (sqlite3.Error, OSError) as error:
            self._failed = True
            self._notify()
            retry_s = 1 if _is_locked(error) else MENDED_RETRY_S
            raise Unavailable(f"the store {self._path} cannot be used just now: {_told(error)}", retry_s) from error

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _transaction(self, work: Callable[[sqlite3.Connection], T], begin: str) -> T:
        try:
            with self._opened() as db:
                db.execute(begin)
                return work(db)
        except sqlite3.Error as error:
            if not _is_locked(error):
                # It may be damaged, or mended since it was opened: it is opened anew, which says so.
                self._file = None
                self._opened()
            raise

    def _opened(self) -> sqlite3.Connection:
        """The connection to the file that stands there now."""
        if self._connection is None or self._file is None or self._file != _identity(self._path):
            if _identity(self._path) is None:
                self._create()
            self._disconnect()
            self._file = _identity(self._path)
            self._connection = _connect(self._path)
        return self._connection

    def _create(self) -> None:
        """Make the file, whole before it stands there: with what was in one that was taken away while it was in use."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = self._path.with_suffix(".new")
        new.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(new)) as made:
            if self._connection:
                log.warning("the store %s was taken away while it was in use: it is written anew", self._path)
                try:
                    self._connection.backup(made)
                    _require_whole(made, new)
                except sqlite3.DatabaseError as error:
                    if _is_damage(error):
                        self._disconnect()
                    raise
            else:
                made.executescript(_SCHEMA)
                log.info("the store %s is new", self._path)
        # Whoever took the file away may have left its journal, whose pages would be put into the new one.
        Path(f"{self._path}-journal").unlink(missing_ok=True)
        new.rename(self._path)

    def _disconnect(self) -> None:
        if self._connection:
            self._connection.close()
        self._connection = None


def _connect(path: Path) -> sqlite3.Connection:
    # A file that is not there is not made by opening it.
    uri = f"{path.absolute().as_uri()}?mode=rw"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False, timeout=LOCKED_S)
    try:
        connection.execute("PRAGMA journal_mode = TRUNCATE")
        connection.execute("PRAGMA synchronous = FULL")
        _require_whole(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _require_whole(db: sqlite3.Connection, path: Path) -> None:
    """Raises sqlite3.DatabaseError where the file is damaged, or no store."""
    tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master")}
    if not tables >= {"entries", "counter"}:
        raise sqlite3.DatabaseError("it has been emptied, or is no store")
    (fault,) = db.execute("PRAGMA quick_check(1)").fetchone()
    if fault != "ok":
        raise sqlite3.DatabaseError(f"it is damaged: {' '.join(fault.split())}")
    # SQLite takes what the last page lacks for zeros.
    (size_bytes,) = db.execute("SELECT page_count * page_size FROM pragma_page_count, pragma_page_size").fetchone()
    if path.stat().st_size < size_bytes:
        raise sqlite3.DatabaseError("it has been cut short")


def _identity(path: Path) -> tuple[int, int] | None:
    """Which file stands at `path`; None: there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _is_locked(error: Exception) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY


def _is_damage(error: Exception) -> bool:
    """Whether the fault is in the file itself: of what is around it SQLite makes an OperationalError."""
    return isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)


def _told(error: Exception) -> str:
    if not _is_damage(error):
        return str(error)
    return f"{error}; put a copy of it in its place, or move it away, with its -journal, to begin anew"


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
