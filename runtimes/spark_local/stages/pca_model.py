"""PCAModel: a vector's components along the principal axes.

Spark's `ml/feature/PCA.scala`, 4.3; the mean is not taken off. Always dense. A sparse vector's sums are Spark's to the
last bit; those of a dense one are within 1e-9 of their largest term, for the JVM adds them with fused rounding.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..columns import Array, Column, vectors
from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, vector_of


@register
@dataclass(frozen=True)
class PCAModel(Stage):
    """`axes`: (n_components, n_features)."""

    saved_as = ("org.apache.spark.ml.feature.PCAModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    axes: Array

    @classmethod
    def load(cls, saved: Saved) -> PCAModel:
        (stored,) = saved.row("pc")
        axes = np.ascontiguousarray(saved.matrix(stored, "pc").T)
        return cls((saved.column("inputCol"),), (saved.output(),), axes)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.axes.shape[1])}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(len(self.axes))}

    def apply(self, *values: Any) -> tuple[list[float]]:
        found = vector_of(values[0], self.axes.shape[1], self.inputs[0])
        places, numbers = (found.indices, found.values) if isinstance(found, Sparse) else (range(len(found)), found)
        made = []
        for axis in self._axes:
            total = 0.0
            for place, v in zip(places, numbers, strict=True):
                total += v * axis[place]
            made.append(total)
        return (made,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != self.axes.shape[1]:
            return None
        return (matrix @ self.axes.T,)

    @cached_property
    def _axes(self) -> list[list[float]]:
        axes: list[list[float]] = self.axes.tolist()
        return axes
