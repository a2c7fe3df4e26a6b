"""The watch over the folder of models: notices what is touched, waits until it rests, and puts it into the index.

A folder rests when two looks at it, `SETTLE_S` apart, find the same files. One that lacks something is incomplete, for
a copy may be under way, and broken when nothing has happened to it for `PATIENCE_S`. Only touched folders are looked
at; a sweep over all of them heals what the file system did not tell (network mounts, an overflow of its queue).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import ParamSpec, TypeVar

from watchfiles import Change, awatch

from repository.folder import Key, Look, ModelFolder, State, is_ignored, look_at, read_model
from repository.formats import Format, Unusable, format_of
from repository.index import Index

log = logging.getLogger(__name__)

SETTLE_S = 0.25
PATIENCE_S = 3.0
SWEEP_S = 10.0

_DEBOUNCE_MS = 100
_STEP_MS = 50
_ROOT_CHECK_MS = 1_000
# Threads of the loop's pool that may read models at once; the others are left for downloads.
_READERS = 3

CHANGING = "files are still changing"

P = ParamSpec("P")
T = TypeVar("T")


@contextlib.asynccontextmanager
async def watching(root: Path, index: Index) -> AsyncIterator[None]:
    """Keep `index` true to the folders under `root` inside the block.

    When the block begins the index lists every folder, as yet incomplete: a model missing from it is not there.
    """
    failure: Exception | None = None
    async with asyncio.TaskGroup() as tasks:
        watch = _Watch(root, index, tasks)
        keepers = [tasks.create_task(watch.events(), name="watch"), tasks.create_task(watch.sweeps(), name="sweep")]
        try:
            await watch.sweep()
            yield
        except Exception as error:  # noqa: BLE001 (raised below, where the task group does not wrap it)
            failure = error
        finally:
            for task in (*keepers, *watch.followers):
                task.cancel()
    if failure:
        raise failure


class _Watch:
    def __init__(self, root: Path, index: Index, tasks: asyncio.TaskGroup) -> None:
        # Events name resolved paths.
        self._root = root.resolve()
        self._index = index
        self._tasks = tasks
        self._touched: set[Key] = set()
        self._followers: dict[Key, asyncio.Task[None]] = {}
        self._sweep_due = asyncio.Event()
        self._readers = asyncio.Semaphore(_READERS)

    @property
    def followers(self) -> list[asyncio.Task[None]]:
        return list(self._followers.values())

    async def events(self) -> None:
        """Follow the file system's events for ever, by polling where it has none to give."""
        polling: bool | None = None
        while True:
            try:
                await self._events(polling)
            except FileNotFoundError:
                log.warning("%s is away; what is known of its models stays until it is back", self._root)
                while not self._root.is_dir():  # noqa: ASYNC110 (nothing tells of a folder that is not there)
                    await asyncio.sleep(_ROOT_CHECK_MS / 1000)
            except ExceptionGroup as ended:
                # So awatch ends while it waits, as for a name that is not UTF-8: the next one begins with a sweep.
                log.warning("the watch over %s broke off: %s", self._root, ended.exceptions[0])
                await asyncio.sleep(_ROOT_CHECK_MS / 1000)
            except (OSError, RuntimeError) as error:
                log.warning("%s cannot be watched (%s); it is polled instead", self._root, error)
                polling = True
                await asyncio.sleep(_ROOT_CHECK_MS / 1000)

    async def _events(self, polling: bool | None) -> None:
        """Until another folder stands in the root's place."""
        watched = _identity(self._root)
        # awatch arms itself before it first waits, and so before that sweep begins: no change falls between the two.
        self._sweep_due.set()
        events = awatch(
            self._root,
            watch_filter=self._concerns_a_model,
            debounce=_DEBOUNCE_MS,
            step=_STEP_MS,
            rust_timeout=_ROOT_CHECK_MS,
            yield_on_timeout=True,
            force_polling=polling,
            ignore_permission_denied=True,
        )
        async with contextlib.aclosing(events):
            async for changes in events:
                for place in {self._parts(path)[:2] for _, path in changes}:
                    match place:
                        case (runtime, name):
                            self._touch((runtime, name))
                        case _:
                            self._sweep_due.set()
                if _identity(self._root) != watched:
                    return

    def _concerns_a_model(self, _change: Change, path: str) -> bool:
        return not any(map(is_ignored, self._parts(path)))

    def _parts(self, path: str) -> tuple[str, ...]:
        return Path(path).relative_to(self._root).parts

    async def sweeps(self) -> None:
        """Sweep every `SWEEP_S`, and whenever it is due, for ever."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_S):
                    await self._sweep_due.wait()
            self._sweep_due.clear()
            await self.sweep()

    async def sweep(self) -> None:
        """Look at every folder that is there, or was."""
        try:
            present = await asyncio.to_thread(_folders, self._root)
        except OSError as error:
            log.warning("the folder of models cannot be read: %s", error)
            return
        for key in present:
            if self._index.get(key) is None:
                self._index.put(ModelFolder(key))
        for key in {*present, *self._index.keys}:
            self._touch(key)

    def _touch(self, key: Key) -> None:
        self._touched.add(key)
        if key not in self._followers:
            self._followers[key] = self._tasks.create_task(self._follow(key), name=f"follow {'/'.join(key)}")

    async def _follow(self, key: Key) -> None:
        """Bring one folder's place in the index up to date, again if it is touched meanwhile."""
        try:
            while key in self._touched:
                self._touched.discard(key)
                await self._examine(key)
        finally:
            del self._followers[key]

    async def _examine(self, key: Key) -> None:
        known = self._index.get(key) or ModelFolder(key)
        folder, form = self._root.joinpath(*key), format_of(key[0])
        look: Look | None = None
        try:
            look = await self._in_thread(look_at, folder, form)
            if look and known.look and look.own == known.look.own:
                if known.metadata:
                    self._index.put(replace(known, look=look))
                return
            look = look and await self._at_rest(known, folder, form, look)
            if look is None:
                # A model is not gone because the folder of all models is away, or just being replaced.
                if self._root.is_dir():
                    self._index.remove(key)
            elif ready := await self._in_thread(read_model, known, folder, form, look):
                self._index.put(ready)
            else:
                self._touched.add(key)
        except Unusable as fault:
            found = _unusable(known, fault.state, fault.reason, look)
            self._index.put(found)
            if found.state == "incomplete":
                asyncio.get_running_loop().call_later(PATIENCE_S, self._give_up, found)
        except Exception:
            log.exception("%r: this is a fault in Catenary", key)
            self._index.put(_unusable(known, "broken", "the repository failed on it; its log holds the cause", look))

    def _give_up(self, found: ModelFolder) -> None:
        """What the folder lacked when `found` was found has not come: this is no copy under way."""
        if self._index.get(found.key) is found:
            self._index.put(replace(found, state="broken"))

    async def _at_rest(self, known: ModelFolder, folder: Path, form: Format, look: Look) -> Look | None:
        """The first look from `look` on after which nothing changed; None if the folder goes. Raises Broken."""
        self._index.put(_unusable(known, "incomplete", CHANGING) if known.look else known)
        while True:
            await asyncio.sleep(SETTLE_S)
            after = await self._in_thread(look_at, folder, form)
            if after is None or after.own == look.own:
                return after
            self._index.put(_unusable(known, "incomplete", CHANGING))
            look = after

    async def _in_thread(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        async with self._readers:
            return await asyncio.to_thread(function, *args, **kwargs)


def _unusable(known: ModelFolder, state: State, reason: str, look: Look | None = None) -> ModelFolder:
    """What is known of a folder that cannot be served; digests stay, for what has not changed in it."""
    return replace(known, state=state, reason=reason, metadata=None, look=look)


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _folders(root: Path) -> set[Key]:
    """Every folder that should be a model. Raises OSError where `root` cannot be read."""
    folders: set[Key] = set()
    for runtime in _subfolders(root):
        try:
            folders.update((runtime, name) for name in _subfolders(root / runtime))
        except OSError as error:
            log.warning("%s/%s cannot be read: %s", root, runtime, error.strerror)
    return folders


def _subfolders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return [entry.name for entry in entries if entry.is_dir() and not is_ignored(entry.name)]
