"""A saved stage: its parameters and fitted values, checked. Whatever is not as it should be is `Unreadable`."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from copy import copy
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from .errors import Unreadable
from .folder import Source
from .nested import Flat, Lists, Struct

_T = TypeVar("_T")
_REQUIRED = object()
# Spark writes the doubles that JSON lacks as strings, those of a vector in other words than the rest
_NOT_FINITE = {"Inf": math.inf, "-Inf": -math.inf, "NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_KEYS = (str, int, float)
_MOST_WRITTEN_OUT = 1 << 26
"""The most numbers, half a gigabyte, to which sparse ones are written out."""


class Saved:
    """One saved stage. `default` is for files older than 2.4, which name no defaults."""

    def __init__(self, source: Source) -> None:
        """Reads the stage's metadata. Raises Unreadable."""
        self._source = source
        try:
            self._metadata = source.metadata()
        except Unreadable as error:
            raise self.unreadable(error.reason) from error
        if str(self._metadata.get("class")).startswith("org.apache.spark.mllib."):
            raise self.unreadable(f"{self._metadata['class']} is of the old RDD-based mllib, not of Spark ML")
        self.class_name = self._field("class", str)
        self.uid = self._field("uid", str)
        defaults, params = (self._metadata.get(key, {}) for key in ("defaultParamMap", "paramMap"))
        if not isinstance(params, dict) or not isinstance(defaults, dict):
            raise self.unreadable("its parameters are not an object")
        self._params = {**defaults, **params}

    def unreadable(self, reason: str) -> Unreadable:
        """The error to raise when `reason` keeps this stage from being served; it names the stage's folder."""
        return Unreadable(f"{self._source.name}: {reason}")

    def count(self, name: str) -> int:
        """A number above 0 beside the parameters, such as numFeatures; Spark has none of more than 32 bits."""
        found = self._field(name, int)
        if isinstance(found, bool) or not 0 < found < 2**31:
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

    def columns(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """inputCol and outputCol, or inputCols and as many outputCols; Spark lets only one of the two be set."""
        if not self.is_set("inputCols"):
            return (self.column("inputCol"),), (self.output(),)
        if self.is_set("inputCol"):
            raise self.unreadable("it has both inputCol and inputCols")
        inputs, outputs = self.texts("inputCols"), self.texts("outputCols")
        if len(inputs) != len(outputs):
            raise self.unreadable(f"{len(inputs)} input and {len(outputs)} output columns")
        return inputs, outputs

    def flag(self, name: str, default: Any = _REQUIRED) -> bool:
        """True or false."""
        return self._param(name, bool, default)

    def double(self, name: str, default: Any = _REQUIRED) -> float:
        """A double. Spark writes those that JSON lacks as strings."""
        stored: Any = self._param_or(name, default)
        if (found := _double(stored)) is not None:
            return found
        raise self.unreadable(f"{name} is {stored!r}, not a number")

    def integer(self, name: str, default: Any = _REQUIRED) -> int:
        """A whole number."""
        found: Any = self._param_or(name, default)
        if type(found) is int:
            return found
        raise self.unreadable(f"{name} is {found!r}, not a whole number")

    def integers(self, name: str, default: Any = _REQUIRED) -> tuple[int, ...]:
        """A list of whole numbers."""
        found = self._param(name, list, list(default) if isinstance(default, tuple) else default)
        if all(type(item) is int for item in found):
            return tuple(found)
        raise self.unreadable(f"{name} should be a list of whole numbers, not {found!r}")

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
        return self._doubles(self._param(name, list, _REQUIRED), name) if self.has(name) else None

    def lists_of_doubles(self, name: str) -> tuple[tuple[float, ...], ...]:
        """A list of lists of doubles."""
        return tuple(self._doubles(item, name) for item in self._param(name, list, _REQUIRED))

    def vector_param(self, name: str) -> list[float]:
        """The numbers of a vector that is a parameter."""
        stored: dict[str, Any] = self._param(name, dict, _REQUIRED)
        return self.vector(stored | {"values": list(self._doubles(stored.get("values"), name))}, name)

    def has(self, name: str) -> bool:
        """Whether the parameter is set, by the user or by default."""
        return name in self._params

    def is_set(self, name: str) -> bool:
        """Whether the user set the parameter."""
        return name in self._metadata.get("paramMap", {})

    def extra(self, name: str) -> Any:
        """What the metadata hold beside the parameters, such as numFeatures; None: nothing."""
        return self._metadata.get(name)

    @property
    def spark_version(self) -> tuple[int, int]:
        """The Spark that saved it, as (3, 5)."""
        found = re.match(r"(\d+)\.(\d+)", self._field("sparkVersion", str))
        if found is None:
            raise self.unreadable(f"its metadata says sparkVersion = {self._metadata['sparkVersion']!r}")
        return int(found[1]), int(found[2])

    def changed(self, params: Mapping[str, Any]) -> Saved:
        """The same stage with other values of some parameters."""
        changed = copy(self)
        changed._params = {**self._params, **params}
        return changed

    def child(self, *path: str) -> Saved:
        """The stage saved inside this one."""
        return Saved(self._inside(*path))

    def inner_metadata(self, *path: str) -> Mapping[str, Any]:
        """The metadata of a model in the format of the old mllib, which a stage may hold in a folder of its own."""
        try:
            return self._inside(*path).metadata()
        except Unreadable as error:
            raise self.unreadable(f"{'/'.join(path)}: {error.reason}") from error

    def table(self, name: str = "data", *inside: str) -> Struct:
        """The rows of the folder `name`, which may stand in a folder `inside` this one."""
        try:
            return self._inside(*inside).table(name)
        except Unreadable as error:
            raise self.unreadable(error.reason) from error

    def has_table(self, name: str) -> bool:
        """Whether there is such a table."""
        return self._source.has_table(name)

    def row(self, *columns: str) -> list[Any]:
        """The values of `columns` in the one row of `data`, as plain Python."""
        table = self.table()
        if missing := [name for name in columns if name not in table.fields]:
            raise self.unreadable(f"its data has no column {missing[0]!r}, only {', '.join(table.fields)}")
        if len(table) != 1:
            raise self.unreadable(f"its data has {len(table)} rows instead of one")
        return [table.fields[name].python()[0] for name in columns]

    def mapping(self, stored: object, name: str, kind: type[_T]) -> dict[Any, _T]:
        """A map as `row` gives it, the values of one type, no key twice."""
        if isinstance(stored, list) and all(
            isinstance(pair, dict) and type(pair.get("key")) in _KEYS and type(pair.get("value")) is kind
            for pair in stored
        ):
            found = {pair["key"]: pair["value"] for pair in stored}
            if len(found) == len(stored):
                return found
        raise self.unreadable(f"{name} is not a map as Spark stores it")

    def check_size(self, size: int, name: str) -> None:
        """Raises Unreadable where so many numbers, few of which were stored, are too many to be written out."""
        if size > _MOST_WRITTEN_OUT:
            raise self.unreadable(f"{name} has {size} numbers, of which at most {_MOST_WRITTEN_OUT} can be served")

    def numbers(self, table: Struct, *path: str) -> npt.NDArray[Any]:
        """(n_rows,): the numbers of a column, or of a field inside it; none may be null."""
        found = self._column(table, path)
        if isinstance(found, Flat) and found.valid is None and found.data.dtype.kind in "iuf":
            return found.data
        raise self.unreadable(f"its column {'.'.join(path)} does not hold numbers")

    def whole_numbers(self, table: Struct, *path: str) -> npt.NDArray[np.int64]:
        """(n_rows,): the same where they are whole."""
        found = self.numbers(table, *path)
        if found.dtype.kind == "f":
            raise self.unreadable(f"its column {'.'.join(path)} does not hold whole numbers")
        return found.astype(np.int64)

    def lists(self, table: Struct, *path: str) -> Lists:
        """A column of lists, or one that is a field inside a column; none may be null."""
        found = self._column(table, path)
        if isinstance(found, Lists) and found.valid is None:
            return found
        raise self.unreadable(f"its column {'.'.join(path)} does not hold lists")

    def items(self, lists: Lists) -> npt.NDArray[Any]:
        """(n_items,): the numbers in lists, all behind one another; none may be null."""
        if isinstance(lists.items, Flat) and lists.items.valid is None and lists.items.data.dtype.kind in "iuf":
            return lists.items.data
        raise self.unreadable("its lists do not hold numbers")

    def _column(self, table: Struct, path: Sequence[str]) -> object:
        found: object = table
        for name in path:
            if not isinstance(found, Struct) or name not in found.fields:
                there = ", ".join(found.fields) if isinstance(found, Struct) else "no fields"
                raise self.unreadable(f"its table has no column {'.'.join(path)}, only {there}")
            found = found.fields[name]
        return found

    def _inside(self, *path: str) -> Source:
        if any(part in ("", ".", "..") or "/" in part for part in path):
            raise self.unreadable(f"something inside it has the name {'/'.join(path)!r}")
        return self._source.child(*path) if path else self._source

    def vector(self, value: object, name: str) -> list[float]:
        """The numbers of a stored vector: `struct<type(0 sparse, 1 dense), size, indices, values>`."""
        match value:
            case {"type": 1, "values": list(values)} if all(type(item) is float for item in values):
                return values
            case {"type": 0, "size": int(size), "indices": list(indices), "values": list(values)}:
                if (
                    len(indices) == len(values)
                    and all(type(item) is float for item in values)
                    and _are_integers([size, *indices])
                    and all(a < b for a, b in pairwise([-1, *indices, size]))
                ):
                    self.check_size(size, name)
                    numbers = [0.0] * size
                    for index, number in zip(indices, values, strict=True):
                        numbers[index] = number
                    return numbers
        raise self.unreadable(f"{name} is not a vector as Spark stores it")

    def matrix(self, value: object, name: str) -> npt.NDArray[np.float64]:
        """(n_rows, n_cols): a stored `struct<type, numRows, numCols, colPtrs, rowIndices, values, isTransposed>`.

        Dense numbers stand column by column, or row by row where it is transposed; so do the pointers of a sparse one.
        """
        match value:
            case {"numRows": int(n_rows), "numCols": int(n_cols), "values": list(values), "isTransposed": bool(by_row)}:
                outer, inner = (n_rows, n_cols) if by_row else (n_cols, n_rows)
                sizes_fit = _are_integers([n_rows, n_cols]) and min(n_rows, n_cols) >= 0
                if sizes_fit and all(type(item) is float for item in values):
                    found = self._filled(value, outer, inner, np.array(values, np.float64))
                    if found is not None:
                        return found if by_row else np.ascontiguousarray(found.T)
        raise self.unreadable(f"{name} is not a matrix as Spark stores it")

    def _filled(
        self, stored: Any, outer: int, inner: int, values: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.float64] | None:
        if stored.get("type") == 1:
            return values.reshape(outer, inner) if len(values) == outer * inner else None
        starts, places = stored.get("colPtrs"), stored.get("rowIndices")
        if stored.get("type") != 0 or not _are_integers(starts) or not _are_integers(places):
            return None
        lengths, within = np.diff(starts), np.array(places, np.int64)
        fits = len(starts) == outer + 1 and starts[0] == 0 and starts[-1] == len(places) == len(values)
        if not fits or (lengths < 0).any() or (within < 0).any() or (within >= inner).any():
            return None
        self.check_size(outer * inner, "a sparse matrix")
        found = np.zeros((outer, inner))
        found[np.repeat(np.arange(outer), lengths), within] = values
        return found

    def _doubles(self, stored: Any, name: str) -> tuple[float, ...]:
        if isinstance(stored, list):
            found = tuple(number for item in stored if (number := _double(item)) is not None)
            if len(found) == len(stored):
                return found
        raise self.unreadable(f"{name} should be a list of numbers, not {stored!r}")

    def _param_or(self, name: str, default: Any) -> Any:
        found: Any = self._params.get(name, default)
        if found is _REQUIRED:
            raise self.unreadable(f"its metadata lacks the parameter {name}")
        return found

    def _param(self, name: str, kind: type[_T], default: Any) -> _T:
        found: Any = self._param_or(name, default)
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


def _double(stored: object) -> float | None:
    """A number as JSON holds it, or the name of one that JSON lacks; None: something else, or no double."""
    found = _NOT_FINITE.get(stored) if isinstance(stored, str) else stored
    try:
        return float(found) if type(found) in (int, float) else None  # type: ignore[arg-type]
    except OverflowError:
        return None


def _are_integers(found: object) -> bool:
    return isinstance(found, list) and all(type(item) is int for item in found)
