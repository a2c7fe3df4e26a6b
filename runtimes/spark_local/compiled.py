"""A compiled model: all that was saved of a pipeline in one file, read without pyarrow.

The file is a zip, as NumPy's `.npz` is: `stages.json` holds the model's inputs and outputs, by which the repository
knows it, each stage's metadata and the shape of its tables; the other entries are those tables' arrays, numbered. Only
what scoring reads is kept; compiled twice, a model gives the same bytes. The checksums of the zip tell a damaged one.
"""

from __future__ import annotations

import io
import json
import tokenize
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from catenary import names

from .errors import Unreadable
from .folder import Folder, Source
from .nested import Flat, Lists, Nested, Struct

FILE = names.COMPILED_FILE
"""Its name in the folder of a compiled model."""
STAGES = names.COMPILED_STAGES
"""The entry that tells of the stages."""
_FORMAT = 1
_MOST_UNPACKED = 1 << 28
"""Bytes that a file may unpack to, whatever its size."""
_DAMAGED = (
    *(OSError, EOFError, zipfile.BadZipFile, zlib.error, SyntaxError, tokenize.TokenError),
    *(ValueError, KeyError, TypeError, AttributeError, IndexError, StopIteration, RuntimeError, MemoryError),
)


def source(path: Path) -> Source:
    """What is in the folder `path`: a compiled model, or one as Spark saved it. Raises Unreadable."""
    file = path / FILE
    return _read(file) if file.is_file() else Folder(path)


class Recorder:
    """A `Source` that reads from another one and remembers what it read, for `write`."""

    def __init__(self, of: Source, stages: dict[str, Any] | None = None, path: str = "") -> None:
        self._of = of
        self._path = path
        self._stages = {} if stages is None else stages

    @property
    def name(self) -> str:
        return self._of.name

    def metadata(self) -> Mapping[str, Any]:
        found = self._of.metadata()
        self._noted()["metadata"] = found
        return found

    def has_table(self, name: str) -> bool:
        return self._of.has_table(name)

    def table(self, name: str) -> Struct:
        found = self._of.table(name)
        self._noted()["tables"][name] = found
        return found

    def child(self, *path: str) -> Recorder:
        return Recorder(self._of.child(*path), self._stages, "/".join([self._path, *path]).lstrip("/"))

    def write(self, file: Path, inputs: Iterable[str] = (), outputs: Iterable[str] = ()) -> None:
        """Write what was read to `file`, with the columns of the model that it is."""
        arrays: list[npt.NDArray[Any]] = []
        stages = {
            path: {
                "name": entry["name"],
                "metadata": entry["metadata"],
                "tables": {name: _shape(table, arrays) for name, table in entry["tables"].items()},
            }
            for path, entry in self._stages.items()
        }
        with zipfile.ZipFile(file, "w") as out:
            described = {"format": _FORMAT, "inputs": list(inputs), "outputs": list(outputs), "stages": stages}
            out.writestr(_entry(STAGES), json.dumps(described))
            for number, array in enumerate(arrays):
                content = io.BytesIO()
                np.lib.format.write_array(content, array, allow_pickle=False)
                out.writestr(_entry(f"{number}.npy"), content.getvalue())

    def _noted(self) -> dict[str, Any]:
        entry: dict[str, Any] = self._stages.setdefault(self._path, {"name": self.name, "metadata": None, "tables": {}})
        return entry


class _Compiled:
    """A `Source`: one stage in a compiled model."""

    def __init__(self, stages: Mapping[str, Any], path: str) -> None:
        self._stages = stages
        self._path = path
        if path not in stages:
            raise Unreadable(f"the compiled model has no stage {path!r}")
        self._entry = stages[path]

    @property
    def name(self) -> str:
        return str(self._entry["name"])

    def metadata(self) -> Mapping[str, Any]:
        if isinstance(found := self._entry["metadata"], dict):
            return found
        raise Unreadable("no saved Spark stage, for it has no metadata")

    def has_table(self, name: str) -> bool:
        return name in self._entry["tables"]

    def table(self, name: str) -> Struct:
        if isinstance(found := self._entry["tables"].get(name), Struct):
            return found
        raise Unreadable(f"the compiled model has no table {name!r}")

    def child(self, *path: str) -> _Compiled:
        return _Compiled(self._stages, "/".join([self._path, *path]).lstrip("/"))


def _read(file: Path) -> _Compiled:
    try:
        # Not `np.load`: it parses before the checksums have told that there is something to be parsed
        with zipfile.ZipFile(file) as stored:
            if sum(entry.file_size for entry in stored.infolist()) > _MOST_UNPACKED + 100 * file.stat().st_size:
                raise Unreadable(f"{file.name} would unpack to much more than a model's arrays do")
            entries = {name: stored.read(name) for name in stored.namelist()}
        described = json.loads(entries.pop(STAGES))
        if described["format"] != _FORMAT:
            raise Unreadable(f"{file.name} is of the format {described['format']}, not {_FORMAT}: compile it anew")
        numbered = [io.BytesIO(entries[f"{number}.npy"]) for number in range(len(entries))]
        arrays = iter([np.lib.format.read_array(entry, allow_pickle=False) for entry in numbered])
        stages = {
            path: entry | {"tables": {name: _table(shape, arrays) for name, shape in entry["tables"].items()}}
            for path, entry in described["stages"].items()
        }
    except _DAMAGED as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise Unreadable(f"{file.name} is not a compiled model ({reason})") from error
    return _Compiled(stages, "")


def _entry(name: str) -> zipfile.ZipInfo:
    """An entry without the time of day."""
    entry = zipfile.ZipInfo(name)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def _shape(column: Nested, arrays: list[npt.NDArray[Any]]) -> dict[str, Any]:
    """What `_nested` makes the column from again; its arrays are added to `arrays`."""
    shape: dict[str, Any] = {"nulls": column.valid is not None}
    if column.valid is not None:
        arrays.append(column.valid)
    if isinstance(column, Flat):
        if column.data.dtype != object:
            arrays.append(column.data)
            return shape | {"kind": "flat"}
        texts = [("" if text is None else text).encode("utf-8", "surrogatepass") for text in column.data]
        arrays.append(np.array([len(text) for text in texts], np.int64))
        arrays.append(np.frombuffer(b"".join(texts), np.uint8))
        return shape | {"kind": "texts"}
    if isinstance(column, Lists):
        arrays.append(column.starts)
        return shape | {"kind": "lists", "items": _shape(column.items, arrays)}
    fields = {name: _shape(field, arrays) for name, field in column.fields.items()}
    return shape | {"kind": "struct", "rows": len(column), "fields": fields}


def _table(shape: Mapping[str, Any], arrays: Iterator[npt.NDArray[Any]]) -> Struct:
    found = _nested(shape, arrays)
    if not isinstance(found, Struct):
        raise ValueError("a table is no struct")
    return found


def _nested(shape: Mapping[str, Any], arrays: Iterator[npt.NDArray[Any]]) -> Nested:
    """The column of this shape. Raises ValueError, among others, where the arrays do not fit it or one another."""
    valid = _array(arrays, "b") if shape["nulls"] else None
    found = _column(shape, arrays, valid)
    if valid is not None and len(valid) != len(found):
        raise ValueError("nulls are told of another number of rows")
    return found


def _column(shape: Mapping[str, Any], arrays: Iterator[npt.NDArray[Any]], valid: Any) -> Nested:
    if shape["kind"] == "flat":
        return Flat(_array(arrays, "biuf"), valid)
    if shape["kind"] == "texts":
        starts = _starts(_array(arrays, "i"))
        stored = _array(arrays, "u").tobytes()
        if starts[-1] != len(stored):
            raise ValueError("texts are longer or shorter than they should be")
        texts = [stored[a:b].decode("utf-8", "surrogatepass") for a, b in pairwise(starts.tolist())]
        return Flat(np.array(texts, object), valid)
    if shape["kind"] == "lists":
        starts = _array(arrays, "i")
        items = _nested(shape["items"], arrays)
        if not np.array_equal(starts, _starts(np.diff(starts))) or starts[-1] != len(items):
            raise ValueError("lists have more items or fewer than they should")
        return Lists(starts, items, valid)
    fields = {name: _nested(of, arrays) for name, of in shape["fields"].items()}
    if type(shape["rows"]) is not int or any(len(of) != shape["rows"] for of in fields.values()):
        raise ValueError("columns are not of the same length")
    return Struct(shape["rows"], fields, valid)


def _array(arrays: Iterator[npt.NDArray[Any]], kinds: str) -> npt.NDArray[Any]:
    """The next one, (n,), of one of the kinds of numbers that NumPy tells by these letters."""
    found = next(arrays)
    if found.ndim != 1 or found.dtype.kind not in kinds:
        raise ValueError(f"an array of {found.dtype} and {found.ndim} dimensions stands where another should")
    return found


def _starts(lengths: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    """(n + 1,): where each of n pieces of these lengths begins, and the last ends."""
    if (lengths < 0).any():
        raise ValueError("a length is below 0")
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)])
