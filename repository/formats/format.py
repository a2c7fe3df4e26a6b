"""What a format is: it tells a model from half a copy of one, and reads which columns the model takes and makes.

A format looks, it never loads: no pickle is opened, no code is run, no library of a runtime is needed. What passes here
may still turn out broken in its runtime.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Literal, Protocol

import orjson

from repository.found import Changed, Stamp, open_found

DOCUMENT_BYTES = 16 * 1024 * 1024
"""The largest text that is read whole: metadata and source code. What is larger is none."""


class Unusable(Exception):
    """A folder holds no model that can be served; `reason` says why, for the person who made it."""

    state: Literal["incomplete", "broken"]

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Incomplete(Unusable):
    """Something is missing or cut short: more bytes would mend it, as they do when a copy is under way."""

    state = "incomplete"


class Broken(Unusable):
    """What is there is wrong in itself."""

    state = "broken"


@dataclass(frozen=True, slots=True)
class Signature:
    """The columns that a model needs in a row and those that it adds."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]


class Format(Protocol):
    """Without state; its methods block and are called from any thread."""

    @property
    def runtime(self) -> str:
        """The type whose models have this format."""

    def belongs(self, path: str) -> bool:
        """Whether the file at `path` is part of the model, so that a change of it makes a new version."""

    def signature(self, files: Files) -> Signature:
        """The columns of the model that consists of `files`. Raises Incomplete and Broken."""


class Files:
    """The files of a model, to be read as they were found in `folder`, a resolved path. No other is ever opened."""

    def __init__(self, folder: Path, found: Mapping[str, Stamp]) -> None:
        self._folder = folder
        self._found = found
        self.paths = tuple(sorted(found))

    def open(self, path: str) -> BufferedReader:
        """The file at `path`, relative to the folder. Raises Incomplete, and Changed where it is no longer that one."""
        if path not in self._found:
            raise Incomplete(f"{path} is missing")
        try:
            return open_found(self._folder, path, self._found[path])
        except Changed:
            raise
        except OSError as error:
            raise Incomplete(f"{path} cannot be read: {error.strerror}") from error

    def read(self, path: str) -> bytes:
        """The content of a text file. Raises Incomplete, and Broken where it is too large to be one."""
        with self.open(path) as file:
            try:
                content = file.read(DOCUMENT_BYTES + 1)
            except OSError as error:
                raise Incomplete(f"{path} cannot be read: {error.strerror}") from error
        if len(content) > DOCUMENT_BYTES:
            raise Broken(f"{path} is larger than {DOCUMENT_BYTES} bytes")
        return content

    def ends(self, path: str, length: int) -> tuple[bytes, bytes]:
        """The first and the last `length` bytes; fewer where the file is shorter. Raises Incomplete."""
        with self.open(path) as file:
            try:
                first = file.read(length)
                file.seek(max(0, file.seek(0, 2) - length))
                return first, file.read(length)
            except OSError as error:
                raise Incomplete(f"{path} cannot be read: {error.strerror}") from error

    def digest(self, path: str) -> str:
        """The SHA-256 of a file, in hexadecimal. Raises Incomplete."""
        with self.open(path) as file:
            try:
                return hashlib.file_digest(file, "sha256").hexdigest()
            except OSError as error:
                raise Incomplete(f"{path} cannot be read: {error.strerror}") from error


def json_object(content: bytes, path: str) -> dict[str, object]:
    """The JSON object that `path` holds. Raises Incomplete where there is nothing, and Broken."""
    if not content.strip():
        raise Incomplete(f"{path} is empty")
    try:
        document = orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise Broken(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Broken(f"{path}: an object is needed")
    return document
