"""A stage's folder as Spark saved it: one line of JSON and, for most models, parquet. The only module that reads files.

    metadata/part-00000…    class, uid, sparkVersion, paramMap, defaultParamMap (from 2.4 on) and the stage's own extras
    data/part-*.parquet     fitted values, in one part file or several

Hadoop's `.crc` and `_SUCCESS` files are ignored: copies go stale. Whatever cannot be read is `Unreadable`, and so is
what Spark's own reader would refuse; parquet pages are held against the checksums that Spark writes into them.
The layout is that of Spark's `ml/util/ReadWrite.scala`, 2.0 to 4.3.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from .errors import Unreadable

_T = TypeVar("_T")
_REQUIRED = object()


class Saved:
    """One saved stage. Parameters come checked for type; `default` is for files older than 2.4, which name none."""

    def __init__(self, folder: Path) -> None:
        """Reads the metadata of `folder`. Raises Unreadable."""
        self.folder = folder
        self._metadata = _read_metadata(folder)
        self.class_name = self._field("class", str)
        self.uid = self._field("uid", str)
        defaults, params = (self._metadata.get(key, {}) for key in ("defaultParamMap", "paramMap"))
        if not isinstance(params, dict) or not isinstance(defaults, dict):
            raise self.unreadable("its parameters are not an object")
        self._params = {**defaults, **params}

    def unreadable(self, reason: str) -> Unreadable:
        """The error to raise when `reason` keeps this stage from being served; it names the stage's folder."""
        return Unreadable(f"{self.folder.name}: {reason}")

    def count(self, name: str) -> int:
        """A number above 0 beside the parameters, such as numFeatures."""
        found = self._field(name, int)
        if found < 1 or isinstance(found, bool):
            raise self.unreadable(f"its metadata says {name} = {found!r}")
        return found

    def text(self, name: str, default: Any = _REQUIRED) -> str:
        """A string, such as a column's name; may be empty."""
        return self._param(name, str, default)

    def column(self, name: str, default: Any = _REQUIRED) -> str:
        """A column's name, which may not be empty."""
        if found := self.text(name, default):
            return found
        raise self.unreadable(f"{name} is empty")

    def output(self) -> str:
        """outputCol, which Spark calls `<uid>__output` when nobody named it."""
        return self.column("outputCol", f"{self.uid}__output")

    def flag(self, name: str, default: Any = _REQUIRED) -> bool:
        """True or false."""
        return self._param(name, bool, default)

    def choice(self, name: str, choices: Sequence[str], default: Any = _REQUIRED) -> str:
        """One of `choices`."""
        if (found := self.text(name, default)) in choices:
            return found
        raise self.unreadable(f"{name} is {found!r}, not one of {', '.join(choices)}")

    def texts(self, name: str, default: Any = _REQUIRED) -> tuple[str, ...]:
        """A list of strings."""
        found = self._param(name, list, list(default) if isinstance(default, tuple) else default)
        if all(isinstance(item, str) for item in found):
            return tuple(found)
        raise self.unreadable(f"{name} should be a list of strings, not {found!r}")

    def doubles(self, name: str) -> tuple[float, ...] | None:
        """A list of doubles, None if the parameter is not set. Spark writes those that JSON lacks as strings."""
        if not self.has(name):
            return None
        written = {"Inf": math.inf, "-Inf": -math.inf, "NaN": math.nan}
        stored: list[Any] = self._param(name, list, _REQUIRED)
        found: list[Any] = [written.get(item) if isinstance(item, str) else item for item in stored]
        if all(type(item) in (int, float) for item in found):
            return tuple(map(float, found))
        raise self.unreadable(f"{name} should be a list of numbers, not {stored!r}")

    def has(self, name: str) -> bool:
        """Whether the parameter is set, by the user or by default."""
        return name in self._params

    def child(self, *path: str) -> Saved:
        """The stage saved inside this one."""
        if any(part in ("", ".", "..") or "/" in part for part in path):
            raise self.unreadable(f"a stage inside it has the name {'/'.join(path)!r}")
        return Saved(self.folder.joinpath(*path))

    def table(self, name: str = "data") -> pa.Table:
        """The parquet files of a folder, one after the other in the order of their names, as one table."""
        folder = self.folder / name
        if folder.is_file():
            raise self.unreadable(f"{name!r} is a file: saved with saveToLocal, whose format only Spark reads")
        try:
            parts = sorted(part for part in folder.glob("part-*") if part.suffix != ".crc")
            if not parts:
                raise self.unreadable(f"no part file in {name!r}")
            # read_table would do, but its first call costs 200 ms more
            return pa.concat_tables([_read_parquet(part) for part in parts])
        except (OSError, pa.ArrowException, ValueError) as error:
            raise self.unreadable(f"{name!r} is not parquet as Spark writes it ({_first_line(error)})") from error

    def row(self, *columns: str) -> list[Any]:
        """The values of `columns` in the one row of `data`, as Python objects."""
        table = self.table()
        if missing := [name for name in columns if name not in table.column_names]:
            raise self.unreadable(f"its data has no column {missing[0]!r}, only {', '.join(table.column_names)}")
        if table.num_rows != 1:
            raise self.unreadable(f"its data has {table.num_rows} rows instead of one")
        try:
            return [table[name][0].as_py() for name in columns]
        except (pa.ArrowException, ValueError) as error:
            raise self.unreadable(f"its data cannot be read ({_first_line(error)})") from error

    def vector(self, value: object, name: str) -> list[float]:
        """The numbers of a stored vector: `struct<type(0 sparse, 1 dense), size, indices, values>`."""
        match value:
            case {"type": 1, "values": list(values)} if all(type(item) is float for item in values):
                return values
            case {"type": 0, "size": int(size), "indices": list(indices), "values": list(values)}:
                if (
                    len(indices) == len(values)
                    and all(type(item) is float for item in values)
                    and all(type(index) is int and 0 <= index < size for index in indices)
                ):
                    stored = dict(zip(indices, values, strict=True))
                    return [stored.get(index, 0.0) for index in range(size)]
        raise self.unreadable(f"{name} is not a vector as Spark stores it")

    def _param(self, name: str, kind: type[_T], default: Any) -> _T:
        found: Any = self._params.get(name, default)
        if found is _REQUIRED:
            raise self.unreadable(f"its metadata lacks the parameter {name}")
        if not isinstance(found, kind):
            raise self.unreadable(f"{name} is {found!r}")
        return found

    def _field(self, name: str, kind: type[_T]) -> _T:
        found = self._metadata.get(name)
        if isinstance(found, kind):
            return found
        raise self.unreadable(
            f"its metadata has no {name}" if found is None else f"its metadata says {name} = {found!r}"
        )


def _read_metadata(folder: Path) -> Mapping[str, Any]:
    where = folder / "metadata"
    if where.is_file():
        raise Unreadable(f"{folder.name}: 'metadata' is a file: saved with saveToLocal, whose format only Spark reads")
    try:
        parts = sorted(part for part in where.glob("part-*") if part.suffix != ".crc")
        lines = [line for part in parts for line in part.read_text("utf-8").split("\n") if line.strip()]
        metadata = json.loads(lines[0]) if lines else None
    except (OSError, ValueError, RecursionError) as error:
        raise Unreadable(f"{folder.name}: its metadata cannot be read ({_first_line(error)})") from error
    if not isinstance(metadata, dict):
        raise Unreadable(f"{folder.name}: no saved Spark stage, for it has no metadata/part-00000")
    if str(metadata.get("class")).startswith("org.apache.spark.mllib."):
        raise Unreadable(f"{folder.name}: {metadata['class']} is of the old RDD-based mllib, not of Spark ML")
    return metadata


def _read_parquet(path: Path) -> pa.Table:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        table = file.read(use_threads=False)
    table.validate(full=True)
    return table


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
