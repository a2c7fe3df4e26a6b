"""One model folder: which files it holds, and the model that they make. Everything here blocks and runs in a thread.

Hidden files, `__pycache__`, Hadoop's `.crc` files and editors' backups (`~`) are not seen at all. Of the rest, those
that the format calls the model's own settle and make the version; the others (a README, an example request) are
served beside them and change as they like. A symbolic link may point to another file of the same folder, nowhere else.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from catenary import names
from catenary.messages import Metadata, ModelFile
from repository.formats import Broken, Files, Format
from repository.found import Changed, Stamp

MODEL_FILES = 10_000
"""More files than any model has: such a folder holds something else."""

MODEL_BYTES = 64 * 1024**3
"""More than any model weighs that a runtime loads: a file of holes says that it is larger, and is read for hours."""

_UNWRITABLE = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
"""Control characters, and bytes that are not UTF-8: neither can stand in JSON, in a header or on a log line."""

Key = tuple[str, str]
"""The names of the runtime's folder and of the model's, as the file system has them."""


State = Literal["ready", "incomplete", "broken"]


@dataclass(frozen=True, slots=True)
class Look:
    """A folder at one moment: its files by their paths, the model's own and those beside it."""

    own: Mapping[str, Stamp]
    beside: Mapping[str, Stamp]


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """What is known of one folder; never changed, always replaced."""

    key: Key
    state: State = "incomplete"
    reason: str = "it has not been read yet"
    metadata: Metadata | None = None
    """Of the model, where it is ready."""
    look: Look | None = None
    """The files that this was found out from; None while they change."""
    digests: Mapping[tuple[str, Stamp], str] = field(default_factory=dict)
    """The SHA-256 of files that have been read, so that none is read twice."""

    @property
    def files(self) -> Mapping[str, Stamp]:
        """Every file that can be had, by its path."""
        return {**self.look.own, **self.look.beside} if self.look else {}


def is_ignored(name: str) -> bool:
    """Whether a file or folder of this name is not seen."""
    return name.startswith(".") or name == "__pycache__" or name.endswith((".crc", "~"))


def look_at(folder: Path, form: Format) -> Look | None:
    """The files of `folder` now, or None if there is no such folder. Raises Broken."""
    try:
        if not stat.S_ISDIR(folder.stat().st_mode):
            return None
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise Broken(f"the folder cannot be read: {error.strerror}") from error
    if folder.is_symlink() or folder.parent.is_symlink():
        raise Broken("it is a symbolic link, and so leads out of the folder of models: copy the model")
    own: dict[str, Stamp] = {}
    beside: dict[str, Stamp] = {}
    for path, stamp in _stamps(folder):
        (own if form.belongs(path) else beside)[path] = stamp
    if sum(stamp.size_bytes for stamp in own.values()) > MODEL_BYTES:
        raise Broken(f"its files are larger than {MODEL_BYTES} bytes together")
    return Look(own, beside)


def read_model(known: ModelFolder, folder: Path, form: Format, look: Look) -> ModelFolder | None:
    """The ready model that the files in `look` make; None if they changed meanwhile. Raises Incomplete and Broken.

    A file is hashed unless `known` has its digest.
    """
    runtime, name = known.key
    if not names.is_name(name):
        raise Broken(f"the folder's name cannot be a model's: {names.NAME_RULE}")
    files = Files(folder, look.own)
    try:
        signature = form.signature(files)
        digests = {
            (path, stamp): known.digests.get((path, stamp)) or files.digest(path) for path, stamp in look.own.items()
        }
    except Changed:
        return None
    after = look_at(folder, form)
    if after is None or after.own != look.own:
        return None
    contents = tuple(
        ModelFile(path=path, size_bytes=stamp.size_bytes, sha256=digests[path, stamp])
        for path, stamp in sorted(look.own.items())
    )
    metadata = Metadata(
        name=name,
        runtime=runtime,
        inputs=signature.inputs,
        outputs=signature.outputs,
        version=_version(contents),
        files=contents,
    )
    return ModelFolder(known.key, "ready", "", metadata, after, digests=digests)


def _version(files: tuple[ModelFile, ...]) -> str:
    # A path holds no NUL and a digest no newline, so that no two lists of files read the same.
    return hashlib.sha256("".join(f"{file.path}\0{file.sha256}\n" for file in files).encode()).hexdigest()[:12]


def _stamps(folder: Path) -> Iterator[tuple[str, Stamp]]:
    count = 0
    pending = [""]
    while pending:
        inside = pending.pop()
        for entry in _entries(folder / inside, inside):
            path = f"{inside}{entry.name}"
            if _UNWRITABLE.search(path):
                raise Broken(f"{path!r} has a control character, or bytes that are not UTF-8, in its name")
            if entry.is_dir(follow_symlinks=False):
                pending.append(f"{path}/")
            elif stamp := _stamp(entry, path, folder):
                count += 1
                if count > MODEL_FILES:
                    raise Broken(f"it holds more than {MODEL_FILES} files")
                yield path, stamp


def _entries(folder: Path, inside: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return [entry for entry in entries if not is_ignored(entry.name)]
    except FileNotFoundError:
        return []  # It went between two calls; the next look tells.
    except OSError as error:
        raise Broken(f"{inside or 'the folder'} cannot be read: {error.strerror}") from error


def _stamp(entry: os.DirEntry[str], path: str, folder: Path) -> Stamp | None:
    file = Path(entry.path)
    try:
        if entry.is_symlink():
            file = file.resolve(strict=True)
            if not file.is_relative_to(folder.resolve()):
                raise Broken(f"{path} is a symbolic link out of the model's folder")
        # A link that somebody puts there just now is not followed.
        status = file.lstat()
    except FileNotFoundError as error:
        if entry.is_symlink():
            raise Broken(f"{path} is a symbolic link to nothing") from error
        return None
    except RuntimeError as error:
        # How Path.resolve tells of it, up to Python 3.12.
        raise Broken(f"{path} is a symbolic link that goes round in a circle") from error
    except OSError as error:
        raise Broken(f"{path} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(status.st_mode):
        raise Broken(f"{path} is not a plain file")
    return Stamp.of(status)
