"""Local copies of models: `<folder>/<model>/<version>/`, each complete and checked before it stands there.

Several processes may share the folder. A copy in use is locked, so that none removes what another reads.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from catenary import names
from catenary.errors import ModelBroken, Unavailable
from catenary.messages import Metadata, ModelFile
from runtimes.base.repository import Repository


class Copy:
    """A model's files in `folder`; nobody removes them while this object lives."""

    def __init__(self, folder: Path) -> None:
        """FileNotFoundError if there is no such folder."""
        self.folder = folder
        lock = os.open(folder, os.O_RDONLY)
        weakref.finalize(self, os.close, lock).atexit = False
        fcntl.flock(lock, fcntl.LOCK_SH)


class Cache:
    def __init__(self, folder: Path, repository: Repository) -> None:
        self._folder = folder
        self._repository = repository

    async def fetch(self, metadata: Metadata) -> Copy:
        """The files that `metadata` names, from here or from the repository.

        Raises ModelBroken for a path that would leave the folder, Unavailable if the files cannot be had just now, or
        are not those that `metadata` names: the model is changing.
        """
        _require_inside(metadata)
        home = self._folder / metadata.name
        try:
            copy = await asyncio.to_thread(_intact, home / metadata.version, metadata.files)
            return copy or await self._download(metadata, home)
        except OSError as error:
            raise Unavailable(f"the model cache {home} cannot be used: {error}") from error

    async def _download(self, metadata: Metadata, home: Path) -> Copy:
        home.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(prefix=".", suffix=".partial", dir=home))
        try:
            _hold = Copy(partial)
            for file in metadata.files:
                await self._download_file(metadata.name, file, partial / file.path)
            return await asyncio.to_thread(_put, partial, home / metadata.version, metadata.files)
        finally:
            await asyncio.to_thread(shutil.rmtree, partial, ignore_errors=True)

    async def _download_file(self, model: str, file: ModelFile, to: Path) -> None:
        to.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256()
        pieces = self._repository.download(model, file.path)
        with await asyncio.to_thread(to.open, "wb") as target:
            async with contextlib.aclosing(pieces):
                async for piece in pieces:
                    await asyncio.to_thread(target.write, piece)
                    await asyncio.to_thread(digest.update, piece)
                    if target.tell() > file.size_bytes:
                        break
        if digest.hexdigest() != file.sha256:
            raise Unavailable(f"{model}/{file.path} has not the checksum that the repository names: it is changing")

    async def prune(self, model: str, keep: str | None) -> None:
        """Remove the copies of `model` but the version `keep`, as far as nobody uses them."""
        await asyncio.to_thread(_prune, self._folder / model, keep)


def _require_inside(metadata: Metadata) -> None:
    for part in (metadata.name, metadata.version):
        if not names.is_name(part):
            raise ModelBroken(metadata.name, f"the repository names it or its version {part!r}")
    for file in metadata.files:
        path = PurePosixPath(file.path)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in file.path:
            raise ModelBroken(metadata.name, f"the path {file.path!r} leaves its folder")


def _intact(folder: Path, files: Iterable[ModelFile]) -> Copy | None:
    """The copy in `folder`, if it is there and every file is what it should be."""
    try:
        copy = Copy(folder)
        for file in files:
            with (folder / file.path).open("rb") as content:
                if hashlib.file_digest(content, "sha256").hexdigest() != file.sha256:
                    return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    return copy


def _put(partial: Path, folder: Path, files: Iterable[ModelFile]) -> Copy:
    """Make `partial` the copy at `folder`, unless another process was faster; a spoilt one that stands there goes."""
    if copy := _intact(folder, files):
        return copy
    if folder.exists():
        folder.rename(partial.with_suffix(".spoilt"))
    partial.rename(folder)
    return Copy(folder)


def _prune(home: Path, keep: str | None) -> None:
    for folder in home.iterdir() if home.is_dir() else ():
        if folder.name == keep:
            continue
        with contextlib.suppress(FileNotFoundError, BlockingIOError):  # Removed by another process, or used by one.
            lock = os.open(folder, os.O_RDONLY)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)
