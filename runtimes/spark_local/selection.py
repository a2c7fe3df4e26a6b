"""Some of a vector's numbers, in an order of their own: what the selectors and the slicer have in common.

Spark's `ml/feature/Selector.scala` and `SparseVector.slice`, 4.3: a sparse vector stays sparse, with the explicit zeros
among those that were taken. Spark lets a sparse vector that ends before an index through, as if it went on with zeros;
here it is refused, as Spark refuses a dense one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar, Literal, Self

import numpy as np

from .columns import Array, Column, vectors
from .errors import Rejected, Unreadable
from .fields import ANY, Attribute, Field, vector
from .saved import Saved
from .stage import Stage
from .values import Sparse, Vector, vector_of


@dataclass(frozen=True)
class Selection:
    """`indices`: those taken, in their order. `members`: what the taken numbers mean, if that is known."""

    indices: tuple[int, ...]
    members: tuple[Attribute, ...] | None = None

    @classmethod
    def load(cls, saved: Saved, kind: Literal["numeric", "nominal"]) -> Selection:
        """What a selector chose in training. `kind`: of the numbers, unless their column tells. Raises Unreadable."""
        (stored,) = saved.row("selectedFeatures")
        if not isinstance(stored, list) or not all(type(index) is int and index >= 0 for index in stored):
            raise saved.unreadable(f"its selectedFeatures are {stored!r}, not a list of indices")
        if len(set(stored)) < len(stored):
            raise saved.unreadable(f"its selectedFeatures name an index twice: {stored}")
        return cls(tuple(sorted(stored)), (Attribute(kind=kind),) * len(stored))

    def of_field(self, known: Field) -> Selection:
        """The same once the column is known. Raises Unreadable where its vectors are too short."""
        if known.size is not None and known.size < self.least_size:
            raise Unreadable(f"the index {self.least_size - 1} is taken from vectors of {known.size} numbers")
        members = known.members
        return (
            self
            if members is None or known.size is None
            else replace(self, members=tuple(members[index] for index in self.indices))
        )

    @property
    def least_size(self) -> int:
        """How many numbers a vector has to have."""
        return max(self.indices, default=-1) + 1

    def field(self) -> Field:
        """The column made."""
        return vector(len(self.indices), self.members)

    def of_value(self, value: object, column: str) -> Vector:
        """One row's numbers. Raises Rejected."""
        found = vector_of(value, None, column)
        size = found.size if isinstance(found, Sparse) else len(found)
        if size < self.least_size:
            raise Rejected(f"should be a vector of {self.least_size} numbers at least, not of {size}", column)
        if not isinstance(found, Sparse):
            return [found[index] for index in self.indices]
        place_of = self._place_of
        pairs = [(place_of[i], v) for i, v in zip(found.indices, found.values, strict=True) if i in place_of]
        pairs.sort(key=lambda pair: pair[0])
        return Sparse(len(self.indices), [place for place, _ in pairs], [v for _, v in pairs])

    def of_column(self, column: Column) -> Array | None:
        """The same for many rows of dense vectors; None for others."""
        matrix = vectors(column)
        if matrix is None or matrix.shape[1] < self.least_size:
            return None
        return np.ascontiguousarray(matrix[:, list(self.indices)])

    @cached_property
    def _place_of(self) -> dict[int, int]:
        return {index: place for place, index in enumerate(self.indices)}


@dataclass(frozen=True)
class Selector(Stage):
    """A stage that takes what training chose; `selection` is in ascending order."""

    kind: ClassVar[Literal["numeric", "nominal"]] = "numeric"
    """Of the numbers that are taken, unless their column tells."""
    asks_label: ClassVar[bool] = True
    """Whether training looks at a label."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    selection: Selection
    label: str | None = None

    @classmethod
    def load(cls, saved: Saved) -> Self:
        label = saved.text("labelCol", "label") if cls.asks_label else ""
        selection = Selection.load(saved, cls.kind)
        return cls((saved.column("featuresCol", "features"),), (saved.output(),), selection, label or None)

    def bind(self, known: Mapping[str, Field]) -> Self:
        return replace(self, selection=self.selection.of_field(known.get(self.inputs[0], ANY)))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector()}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: self.selection.field()}

    def apply(self, *values: Any) -> tuple[Vector]:
        return (self.selection.of_value(values[0], self.inputs[0]),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        made = self.selection.of_column(columns[0])
        return None if made is None else (made,)
