"""All model folders: the index that runtimes follow, and the model behind a name.

Lives on the event loop; nothing here blocks or is thread safe. A name belongs to one folder: the first in the order of
runtime and name among those whose runtime is known, ready or not, so that it does not wander while a folder changes.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from operator import itemgetter

import orjson

from catenary.errors import NotFound, Unavailable
from catenary.messages import IndexEntry, Metadata
from repository.folder import Key, ModelFolder
from repository.formats import FORMATS

log = logging.getLogger(__name__)

GATHER_S = 0.05
"""So long after a change its followers wait for others: of many folders at once they hear in a few answers."""


class Index:
    def __init__(self) -> None:
        self._folders: dict[Key, ModelFolder] = {}
        self._view: _View | None = None
        self._changed = asyncio.Event()
        self._closed = False

    @property
    def keys(self) -> Collection[Key]:
        return self._folders.keys()

    def get(self, key: Key) -> ModelFolder | None:
        return self._folders.get(key)

    def put(self, folder: ModelFolder) -> None:
        """Replace what is known of a folder."""
        before = self._folders.get(folder.key)
        self._folders[folder.key] = folder
        if before is None or _entry(before) != _entry(folder):
            _tell(folder)
            self._notify()

    def remove(self, key: Key) -> None:
        """Forget a folder that is gone."""
        if self._folders.pop(key, None):
            log.info("%s is gone", _path(key))
            self._notify()

    def close(self) -> None:
        """End every wait: the process stops."""
        self._closed = True
        self._notify()

    @property
    def entries(self) -> tuple[IndexEntry, ...]:
        """Every folder, in the order of runtime and name."""
        return self._current.entries

    @property
    def body(self) -> bytes:
        """`entries` as JSON."""
        return self._current.body

    @property
    def etag(self) -> str:
        """Of `body`; the same in every process that sees the same folders."""
        return self._current.etag

    @property
    def n_ready(self) -> int:
        return sum(entry.state == "ready" for entry in self.entries)

    async def changed_from(self, etags: Collection[str], wait_s: float) -> bool:
        """Whether the index has another etag than those; waits for it up to `wait_s` seconds, not beyond `close`."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                while self.etag in etags and not self._closed:
                    await self._changed.wait()
                    if not self._closed:
                        await asyncio.sleep(GATHER_S)
        return self.etag not in etags

    def model(self, name: str) -> tuple[ModelFolder, Metadata]:
        """The ready folder that the name belongs to, and its model's metadata.

        Raises NotFound, which says why where there is a folder, and Unavailable while its files change.
        """
        owner = self._current.owners.get(name)
        if owner is None:
            raise NotFound("model", name, (entry.name for entry in self.entries if entry.state == "ready"))
        folder = self._folders[owner]
        if folder.state == "incomplete":
            raise Unavailable(f"model {name!r} is incomplete: {folder.reason}")
        if folder.metadata is None:
            raise NotFound("model", name, reason=f"{_path(owner)} is {folder.state}: {folder.reason}")
        return folder, folder.metadata

    @property
    def _current(self) -> _View:
        if self._view is None:
            self._view = _view(self._folders)
        return self._view

    def _notify(self) -> None:
        self._view = None
        self._changed.set()
        self._changed = asyncio.Event()


@dataclass(frozen=True, slots=True)
class _View:
    """What follows from the folders, made once after a change."""

    owners: Mapping[str, Key]
    entries: tuple[IndexEntry, ...]
    body: bytes
    etag: str


def _view(folders: Mapping[Key, ModelFolder]) -> _View:
    owners = {key[1]: key for key in sorted(folders, key=_precedence, reverse=True)}
    entries = tuple(_entry(folder, owners[key[1]]) for key, folder in sorted(folders.items(), key=itemgetter(0)))
    body = orjson.dumps([entry.model_dump() for entry in entries])
    return _View(owners, entries, body, hashlib.sha256(body).hexdigest()[:16])


def _precedence(key: Key) -> tuple[bool, Key]:
    return key[0] not in FORMATS, key


def _entry(folder: ModelFolder, owner: Key | None = None) -> IndexEntry:
    """What the index says of `folder`; broken if another one, `owner`, has its name."""
    runtime, name = map(_shown, folder.key)
    if owner is not None and owner != folder.key:
        return IndexEntry(name=name, runtime=runtime, state="broken", reason=f"the name is taken by {_path(owner)}")
    version = folder.metadata.version if folder.metadata else ""
    return IndexEntry(name=name, runtime=runtime, state=folder.state, version=version, reason=_shown(folder.reason))


def _path(key: Key) -> str:
    return _shown("/".join(key))


def _shown(text: str) -> str:
    """`text` with what is not UTF-8 in a file's name written as `\\xff`."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def _tell(folder: ModelFolder) -> None:
    entry = _entry(folder)
    level = {"ready": logging.INFO, "incomplete": logging.DEBUG, "broken": logging.WARNING}[entry.state]
    detail = f", version {entry.version}" if entry.version else f": {entry.reason}"
    log.log(level, "%s/%s is %s%s", entry.runtime, entry.name, entry.state, detail)
