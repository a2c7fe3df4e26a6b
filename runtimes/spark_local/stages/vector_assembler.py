"""VectorAssembler: numbers, booleans and vectors of a row, one behind the other, in one vector.

Spark's `ml/feature/VectorAssembler.scala`, 4.3. The vector is sparse where that is smaller, as
`Vector.compressed` in `ml/linalg/Vectors.scala` counts it; zeros are dropped on the way, so -0.0 comes out as 0.0.
handleInvalid says what a null is, and a NaN outside of vectors: `error` refuses it, `skip` drops the row, `keep` makes
a null as many NaN as its column has numbers. As in Spark, `keep` takes vectors only from columns whose size a stage
before it tells. Where every row is skipped Spark fails on columns of vectors; here no row is left.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..columns import Array, Column, SparseRows, compressed_rows, doubles, sparse_rows, vectors
from ..errors import Rejected
from ..fields import ANY, MOST_NAMED, Attribute, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, number, sparse_is_smaller, vector

_SCALARS = ("number", "decimal", "boolean")


@register
@dataclass(frozen=True)
class VectorAssembler(Stage):
    """`sizes`: once bound, the numbers in each input; None where the values have to tell, 1 if one is a null."""

    saved_as = ("org.apache.spark.ml.feature.VectorAssembler",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    handle_invalid: str
    made_before: frozenset[str] = frozenset()
    sizes: tuple[int | None, ...] = ()
    members: tuple[Attribute, ...] | None = None

    @classmethod
    def load(cls, saved: Saved) -> VectorAssembler:
        inputs = saved.texts("inputCols")
        return cls(inputs, (saved.output(),), saved.choice("handleInvalid", ("error", "skip", "keep"), "error"))

    @property
    def drops_rows(self) -> bool:  # type: ignore[override]
        return self.handle_invalid == "skip"

    def bind(self, known: Mapping[str, Field]) -> VectorAssembler:
        fields = [known.get(name, ANY) for name in self.inputs]
        return replace(
            self,
            made_before=frozenset(known) & frozenset(self.inputs),
            sizes=tuple(1 if field.type in _SCALARS else field.size for field in fields),
            members=_members(self.inputs, fields, known),
        )

    def makes(self) -> Mapping[str, Field]:
        known = [size for size in self.sizes if size is not None]
        size = sum(known) if len(known) == len(self.inputs) else None
        return {self.outputs[0]: Field("vector", size=size, members=self.members)}

    def apply(self, *values: Any) -> tuple[Vector] | None:
        indices: list[int] = []
        numbers: list[float] = []
        size = 0
        for position, value in enumerate(values):
            if type(value) is float and value == value:  # the usual case, ahead of all else that it may be
                if value != 0.0:
                    indices.append(size)
                    numbers.append(value)
                size += 1
                continue
            part = self._part(value, position)
            if part is None:
                return None
            if isinstance(part, Sparse):
                pairs = zip(part.indices, part.values, strict=True)
                part_size = part.size
            else:
                pairs = zip(range(len(part)), part, strict=True)
                part_size = len(part)
            for index, found in pairs:
                if found != 0.0:
                    indices.append(size + index)
                    numbers.append(found)
            size += part_size
        assembled = Sparse(size, indices, numbers)
        return (assembled if sparse_is_smaller(len(indices), size) else assembled.dense(),)

    def _part(self, value: object, position: int) -> Vector | None:
        """The numbers that a value stands for; None drops the row."""
        column = self.inputs[position]
        if isinstance(value, list | dict | Sparse):
            if self.handle_invalid == "keep" and column not in self.made_before:
                raise Rejected("is a vector whose size no VectorSizeHint tells, which keep has to know", column)
            return vector(value, column)
        scalar = float(value) if isinstance(value, bool) else number(value, column)
        if self.handle_invalid == "keep":
            return [math.nan] * (self.sizes[position] or 1) if scalar is None else [scalar]
        if scalar is None or math.isnan(scalar):
            if self.handle_invalid == "skip":
                return None
            raise Rejected(f"is {'null' if scalar is None else 'NaN'} (handleInvalid is error)", column)
        return [scalar]

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        parts: list[Array | SparseRows] = []
        for name, column in zip(self.inputs, columns, strict=True):
            if (scalars := doubles(column)) is not None:
                if self.handle_invalid != "keep" and np.isnan(scalars).any():
                    return None
                parts.append(scalars[:, None])
            elif self.handle_invalid == "keep" and name not in self.made_before:
                return None
            elif (matrix := vectors(column)) is not None:
                parts.append(matrix)
            elif (sparse := sparse_rows(column)) is not None:
                parts.append(sparse)
            else:
                return None
        if not parts:
            return None
        dense = [part for part in parts if isinstance(part, np.ndarray)]
        if len(dense) < len(parts):
            joined = _joined(parts)
            fullest = int(np.diff(joined.starts).max(initial=0))
            return (joined,) if sparse_is_smaller(fullest, joined.size) else None
        return (compressed_rows(np.concatenate(dense, axis=1) + 0.0),)


def _joined(parts: Sequence[Array | SparseRows]) -> SparseRows:
    """Vectors of the same rows, one behind the other, without zeros."""
    rows, indices, numbers = [], [], []
    size = 0
    for part in parts:
        if isinstance(part, SparseRows):
            filled = part.values != 0.0
            places, within, found = part.row_numbers()[filled], part.indices[filled], part.values[filled]
        else:
            places, within = np.nonzero(part)
            found = part[places, within]
        rows.append(places)
        indices.append(within + size)
        numbers.append(found)
        size += part.size if isinstance(part, SparseRows) else part.shape[1]
        n_rows = len(part.starts) - 1 if isinstance(part, SparseRows) else len(part)
    row_of = np.concatenate(rows)
    order = np.argsort(row_of, kind="stable")
    starts = np.searchsorted(row_of[order], np.arange(n_rows + 1))
    return SparseRows(size, starts, np.concatenate(indices)[order], np.concatenate(numbers)[order])


def _members(names: Sequence[str], fields: Sequence[Field], known: Mapping[str, Field]) -> tuple[Attribute, ...] | None:
    """What the vector's numbers are called if all that rows bring are numbers; None: not known, or there are many."""
    members: list[Attribute] = []
    for name, field in zip(names, fields, strict=True):
        if field.type in _SCALARS or name not in known:
            members.append((field.attribute or Attribute()).named(name))
        elif field.members is not None:
            members += [member.named(f"{name}_{member.name or at}") for at, member in enumerate(field.members)]
        elif field.size is not None and field.size <= MOST_NAMED:
            members += [Attribute(f"{name}_{at}") for at in range(field.size)]
        else:
            return None
    return tuple(members)
