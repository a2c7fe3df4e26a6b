"""A saved stage where Spark left it: a folder with one line of JSON and, for most models, parquet.

    metadata/part-00000…    class, uid, sparkVersion, paramMap, defaultParamMap (from 2.4 on) and the stage's own extras
    data/part-*.parquet     fitted values, in one part file or several

Hadoop's `.crc` and `_SUCCESS` files are ignored: copies go stale. What Spark's own reader would refuse is refused.
The layout is that of Spark's `ml/util/ReadWrite.scala`, 2.0 to 4.3.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

from .errors import Unreadable
from .nested import Struct


class Source(Protocol):
    """Where one saved stage, and what is saved inside it, is read from."""

    @property
    def name(self) -> str:
        """The stage's folder, as errors name it."""

    def metadata(self) -> Mapping[str, Any]:
        """The stage's class and parameters. Raises Unreadable."""

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""

    def table(self, name: str) -> Struct:
        """A table of fitted values, such as `data`. Raises Unreadable."""

    def child(self, *path: str) -> Source:
        """What is saved in a folder inside this one."""


class Folder:
    """A `Source`: a folder as Spark saved it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        return self._path.name

    def metadata(self) -> Mapping[str, Any]:
        where = self._path / "metadata"
        try:
            if where.is_file():
                raise Unreadable("'metadata' is a file: saved with saveToLocal, whose format only Spark reads")
            parts = sorted(part for part in where.glob("part-*") if part.suffix != ".crc")
            lines = [line for part in parts for line in part.read_text("utf-8").split("\n") if line.strip()]
            metadata = json.loads(lines[0]) if lines else None
        except RecursionError as error:
            raise Unreadable("its metadata cannot be read (they nest too deep)") from error
        except (OSError, ValueError) as error:
            reason = (str(error).splitlines() or [type(error).__name__])[0]
            raise Unreadable(f"its metadata cannot be read ({reason})") from error
        if not isinstance(metadata, dict):
            raise Unreadable("no saved Spark stage, for it has no metadata/part-00000")
        return metadata

    def has_table(self, name: str) -> bool:
        return (self._path / name).exists()

    def table(self, name: str) -> Struct:
        folder = self._path / name
        if folder.is_file():
            raise Unreadable(f"{name!r} is a file: saved with saveToLocal, whose format only Spark reads")
        from .parquet import read_parquet  # a compiled model is read without pyarrow

        return read_parquet(folder)

    def child(self, *path: str) -> Folder:
        return Folder(self._path.joinpath(*path))
