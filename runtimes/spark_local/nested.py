"""Nested columns of a saved table as NumPy arrays: what a stage reads its fitted values from.

    Flat    numbers, booleans or texts, one for each row
    Lists   a list for each row, their items one behind the other in a column of their own
    Struct  named columns of the same rows

Knows neither parquet nor the file in which a compiled model is kept; both make these.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Flat:
    """`data`: (n_rows,), of numbers, booleans or, as objects, texts; `valid`: where no null stands, None: nowhere."""

    data: npt.NDArray[Any]
    valid: Booleans | None = None

    def __len__(self) -> int:
        return len(self.data)

    def take(self, rows: Integers) -> Flat:
        """The rows at these positions, in this order."""
        return Flat(self.data[rows], _taken(self.valid, rows))

    def python(self) -> list[Any]:
        """The rows as plain Python values; None is null."""
        return _with_nulls(self.data.tolist(), self.valid)


@dataclass(frozen=True, eq=False)
class Lists:
    """Row i holds `items` from `starts[i]` to `starts[i + 1]`; `starts`: (n_rows + 1,)."""

    starts: Integers
    items: Nested
    valid: Booleans | None = None

    def __len__(self) -> int:
        return len(self.starts) - 1

    @property
    def lengths(self) -> Integers:
        """(n_rows,): how many items each row holds."""
        return np.diff(self.starts)

    def take(self, rows: Integers) -> Lists:
        lengths = self.lengths[rows]
        starts = np.concatenate([[0], np.cumsum(lengths)])
        within = np.arange(starts[-1]) - np.repeat(starts[:-1], lengths)
        items = self.items.take(np.repeat(self.starts[:-1][rows], lengths) + within)
        return Lists(starts, items, _taken(self.valid, rows))

    def python(self) -> list[Any]:
        items, starts = self.items.python(), self.starts.tolist()
        lists = [items[start:end] for start, end in pairwise(starts)]
        return _with_nulls(lists, self.valid)


@dataclass(frozen=True, eq=False)
class Struct:
    """The columns of a table, or the fields of a struct that each row holds."""

    n_rows: int
    fields: Mapping[str, Nested]
    valid: Booleans | None = None

    def __len__(self) -> int:
        return self.n_rows

    def take(self, rows: Integers) -> Struct:
        taken = {name: field.take(rows) for name, field in self.fields.items()}
        return Struct(len(rows), taken, _taken(self.valid, rows))

    def python(self) -> list[Any]:
        columns = [field.python() for field in self.fields.values()]
        rows = zip(*columns, strict=True) if columns else iter([()] * self.n_rows)
        return _with_nulls([dict(zip(self.fields, row, strict=True)) for row in rows], self.valid)


Nested: TypeAlias = Flat | Lists | Struct


def _taken(valid: Booleans | None, rows: Integers) -> Booleans | None:
    return None if valid is None else valid[rows]


def _with_nulls(values: list[Any], valid: Booleans | None) -> list[Any]:
    if valid is None:
        return values
    return [value if there else None for value, there in zip(values, valid.tolist(), strict=True)]
