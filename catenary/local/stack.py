"""The record of a running stack, and the lock that says whether one runs.

The record (`stack.json`) is written by the launcher alone and read by every other command. What counts is the lock: the
system gives it back however the launcher ends, so a record without it is a leftover. Knows nothing of processes.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from catenary.errors import SetupError

RUN_DIR_PREFIX = "catenary-"

LOCK_PATIENCE_S = 0.5
"""A reader holds the lock for an instant to learn whether it is free; a launcher waits for that long."""


@dataclasses.dataclass(frozen=True, slots=True)
class RunningPart:
    """A part of the stack: its top process (None between two starts) and how often it had to be started again."""

    name: str
    pid: int | None
    restarts: int
    url: str | None
    log: str


@dataclasses.dataclass(frozen=True, slots=True)
class Stack:
    """A running stack as its launcher records it.

    `manager`, `gateway` and `repository` are URLs, `xds` is the address where Envoys get their configuration,
    `targets` the file with what Prometheus would scrape.
    """

    pid: int
    state: Literal["starting", "ready", "stopping"]
    manager: str
    gateway: str
    repository: str
    xds: str
    models: str
    logs: str
    targets: str
    run_dir: str
    parts: tuple[RunningPart, ...] = ()

    def as_json(self) -> dict[str, object]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, text: str) -> Stack:
        """The inverse of `as_json`; ValueError, TypeError or KeyError if `text` is not a record of this version."""
        fields = json.loads(text)
        return cls(**{**fields, "parts": tuple(RunningPart(**part) for part in fields["parts"])})


class StackFile:
    """The record and the lock in a state folder."""

    def __init__(self, state_dir: Path) -> None:
        self._state_dir = state_dir
        self._record = state_dir / "stack.json"
        self._lock = state_dir / "lock"

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Be the one launcher of this state folder: cleans up after one that was killed, removes the record at the end.

        Raises SetupError if a stack is up already, or if the folder cannot be written.
        """
        try:
            self._state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = self._lock.open("a")
        except OSError as error:
            raise SetupError(
                f"{error.filename} cannot be written ({error.strerror}): CATENARY_STATE_DIR names another folder"
            ) from error
        with lock:
            # Not `require_none`: between its look and the lock another launcher could come.
            if not _try_lock(lock.fileno(), LOCK_PATIENCE_S):
                raise SetupError(self._already_up())
            self._clean_up()
            try:
                yield
            finally:
                self._record.unlink(missing_ok=True)

    def require_none(self) -> None:
        """Raise SetupError if a stack is up."""
        if self.is_held():
            raise SetupError(self._already_up())

    def write(self, stack: Stack) -> None:
        """Replace the record; only inside `held`."""
        new = self._record.with_suffix(".new")
        new.write_text(json.dumps(stack.as_json(), indent=2))
        new.replace(self._record)

    def read(self) -> Stack | None:
        """The stack that is up; None if none is, or if it has begun to start only just now."""
        return self._read_record() if self.is_held() else None

    def is_held(self) -> bool:
        """Whether a launcher lives."""
        try:
            with self._lock.open("r") as lock:
                return not _try_lock(lock.fileno(), patience_s=0)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise SetupError(f"{self._lock} cannot be read: {error.strerror}") from error

    def _read_record(self) -> Stack | None:
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            return Stack.from_json(self._record.read_text())
        return None

    def _already_up(self) -> str:
        stack = self._read_record()
        if stack is None:
            return f"a stack is starting already (state folder {self._state_dir})"
        return (
            f"a stack is up already: process {stack.pid}, manager {stack.manager}, gateway {stack.gateway};"
            " `catenary down` stops it"
        )

    def _clean_up(self) -> None:
        if stack := self._read_record():
            _remove_run_dir(Path(stack.run_dir))
        self._record.unlink(missing_ok=True)


def _remove_run_dir(folder: Path) -> None:
    """Leaves alone what is not a run folder, or not this user's."""
    with contextlib.suppress(FileNotFoundError):
        if folder.name.startswith(RUN_DIR_PREFIX) and folder.lstat().st_uid == os.getuid():
            shutil.rmtree(folder, ignore_errors=True)


def _try_lock(descriptor: int, patience_s: float) -> bool:
    deadline = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                return False
            time.sleep(0.02)
        else:
            return True
