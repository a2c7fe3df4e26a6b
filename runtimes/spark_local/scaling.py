"""Vectors less a shift, times a scale: what the scalers have in common once they are fitted.

Spark's `ml/feature/StandardScaler.scala`, 4.3, whose transform function MaxAbsScaler and RobustScaler use too. A sparse
vector stays sparse, explicit zeros and all, unless there is a shift; with neither shift nor scale every vector passes
as it is, a null too. Spark lets a vector of another size through where no index leaves the model; here it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from . import fields
from .columns import Array, Column, SparseRows, sparse_rows, vectors
from .fields import Field
from .saved import Saved
from .stage import Stage
from .values import Sparse, Vector, vector, vector_of


@dataclass(frozen=True)
class Scaling:
    """`shift` and `scale` have `size` numbers each; None: none is taken off, none is multiplied by."""

    size: int
    shift: Sequence[float] | None
    scale: Sequence[float] | None

    @classmethod
    def load(cls, saved: Saved, center: str, spread: str, *, shifts: bool, scales: bool) -> Scaling:
        """Less the stored `center`, times the reciprocals of the stored `spread`; one of 0 scales to 0.

        Raises Unreadable.
        """
        stored_center, stored_spread = saved.row(center, spread)
        shift, widths = saved.vector(stored_center, center), saved.vector(stored_spread, spread)
        if len(shift) != len(widths):
            raise saved.unreadable(f"{spread} has {len(widths)} numbers but {center} {len(shift)}")
        scale = tuple(1.0 / width if width else 0.0 for width in widths)
        return cls(len(shift), tuple(shift) if shifts else None, scale if scales else None)

    def of_value(self, value: object, column: str) -> Vector | None:
        """One row's vector, scaled. Raises Rejected."""
        shift, scale = self.shift, self.scale
        if shift is None and scale is None and vector(value, column) is None:
            return None
        found = vector_of(value, self.size, column)
        if isinstance(found, Sparse):
            if shift is None:
                return found if scale is None else Sparse(found.size, found.indices, _times(found, scale))
            found = found.dense()
        if shift is not None and scale is not None:
            return [(v - m) * s for v, m, s in zip(found, shift, scale, strict=True)]
        if shift is not None:
            return [v - m for v, m in zip(found, shift, strict=True)]
        if scale is not None:
            return [v * s for v, s in zip(found, scale, strict=True)]
        return found

    def of_column(self, column: Column) -> Column | None:
        """The same for many rows; None where they are not of one form, or not of the model's size."""
        if (sparse := sparse_rows(column)) is not None and sparse.size == self.size and self.shift is None:
            if self._scale is None:
                return sparse
            return SparseRows(sparse.size, sparse.starts, sparse.indices, sparse.values * self._scale[sparse.indices])
        matrix = vectors(column)
        if matrix is None or matrix.shape[1] != self.size:
            return None
        if self._shift is not None:
            matrix = matrix - self._shift
        return matrix if self._scale is None else matrix * self._scale

    @cached_property
    def _shift(self) -> Array | None:
        return None if self.shift is None else np.array(self.shift)

    @cached_property
    def _scale(self) -> Array | None:
        return None if self.scale is None else np.array(self.scale)


@dataclass(frozen=True)
class ScalingStage(Stage):
    """A stage that scales one column of vectors; how, its `load` reads."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    scaling: Scaling

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: fields.vector(self.scaling.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: fields.vector(self.scaling.size)}

    def apply(self, *values: Any) -> tuple[Vector | None]:
        return (self.scaling.of_value(values[0], self.inputs[0]),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        made = self.scaling.of_column(columns[0])
        return None if made is None else (made,)


def _times(found: Sparse, scale: Sequence[float]) -> list[float]:
    return [v * scale[i] for i, v in zip(found.indices, found.values, strict=True)]
