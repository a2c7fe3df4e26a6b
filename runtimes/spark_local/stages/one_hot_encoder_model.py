"""OneHotEncoderModel: a 1 at the place of a category's index, in a sparse vector for each column.

Spark's `ml/feature/OneHotEncoder.scala`, 4.3 (the model of OneHotEncoderEstimator, 2.3 and 2.4, is the same).
handleInvalid says what an index is that training did not see, is below 0 or NaN: `error` refuses it, `keep` makes it a
category of its own after the last. dropLast leaves the last category out, that of `keep` if there is one. A null stays
null. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from ..columns import Column, numbers
from ..errors import Rejected, Unreadable
from ..fields import ANY, MOST_NAMED, NUMBER, Field, vector
from ..one_hot import categories, indicators, one_hot, one_hot_rows
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, number


@register
@dataclass(frozen=True)
class OneHotEncoderModel(Stage):
    """`n_categories`: those that training saw in each column. `names`: of the numbers, once bound; None: many."""

    saved_as = ("org.apache.spark.ml.feature.OneHotEncoderModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    n_categories: tuple[int, ...]
    drop_last: bool
    keep: bool
    names: tuple[tuple[str, ...] | None, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> OneHotEncoderModel:
        inputs, outputs = saved.columns()
        (stored,) = saved.row("categorySizes")
        if not isinstance(stored, list) or not all(type(size) is int and size > 0 for size in stored):
            raise saved.unreadable(f"its categorySizes are {stored!r}, not a list of numbers above 0")
        if len(stored) != len(inputs):
            raise saved.unreadable(f"{len(inputs)} input columns, but the categories of {len(stored)}")
        keep = saved.choice("handleInvalid", ("error", "keep"), "error") == "keep"
        return cls(inputs, outputs, tuple(stored), saved.flag("dropLast", True), keep)

    def bind(self, known: Mapping[str, Field]) -> OneHotEncoderModel:
        every: list[tuple[str, ...] | None] = []
        for column, n in zip(self.inputs, self.n_categories, strict=True):
            names = categories(column, known.get(column, ANY))
            if names is not None and len(names) != n:
                raise Unreadable(f"OneHotEncoderModel knows {n} categories of {column!r}, which has {len(names)}")
            if names is None and n <= MOST_NAMED:
                names = tuple(map(str, range(n)))
            if names is None:
                every.append(None)
            elif self.keep:
                every.append(names if self.drop_last else (*names, "invalidValues"))
            else:
                every.append(names[:-1] if self.drop_last else names)
        return replace(self, names=tuple(every))

    def takes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.inputs, NUMBER)

    def makes(self) -> Mapping[str, Field]:
        return {
            made: vector(size, None if names is None else indicators(names))
            for made, size, names in zip(self.outputs, self._sizes, self.names, strict=True)
        }

    @cached_property
    def _sizes(self) -> tuple[int, ...]:
        """Of each column's vectors."""
        return tuple(n + self.keep - self.drop_last for n in self.n_categories)

    def apply(self, *values: Any) -> tuple[Sparse | None, ...]:
        return tuple(map(self._vector, values, self.inputs, self.n_categories, self._sizes))

    def _vector(self, value: object, column: str, n: int, size: int) -> Sparse | None:
        index = number(value, column)
        if index is None:
            return None
        if not 0.0 <= index < n:
            if not self.keep:
                raise Rejected(f"is {index:g}, which is no index of {n} categories (handleInvalid is error)", column)
            index = n
        return one_hot(index, size)

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        made = []
        for column, n, size in zip(columns, self.n_categories, self._sizes, strict=True):
            indices = numbers(column)
            if indices is None:
                return None
            seen = (indices >= 0.0) & (indices < n)
            if not self.keep and not seen.all():
                return None
            made.append(one_hot_rows(np.where(seen, indices, n), size))
        return tuple(made)
