"""StandardScalerModel: each number less its mean, times the reciprocal of its standard deviation.

Spark's `ml/feature/StandardScaler.scala`, 4.3 (the arithmetic is 3.0's; 2.x does the same through mllib): a standard
deviation of 0 scales to 0; a sparse vector stays sparse, explicit zeros and all, unless the mean is taken off; with
neither parameter set the vector passes as it is, a null too. Spark lets a vector shorter than the model pass;
here it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..columns import Column, vectors
from ..fields import Field
from ..fields import vector as vector_field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, vector, vector_of


@register
@dataclass(frozen=True)
class StandardScalerModel(Stage):
    """`shift` and `scale` are None where withMean and withStd are false; each has `size` numbers otherwise."""

    saved_as = ("org.apache.spark.ml.feature.StandardScalerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    size: int
    shift: tuple[float, ...] | None
    scale: tuple[float, ...] | None

    @classmethod
    def load(cls, saved: Saved) -> StandardScalerModel:
        stored_std, stored_mean = saved.row("std", "mean")
        std, mean = saved.vector(stored_std, "std"), saved.vector(stored_mean, "mean")
        if len(std) != len(mean):
            raise saved.unreadable(f"std has {len(std)} numbers but mean {len(mean)}")
        return cls(
            inputs=(saved.column("inputCol"),),
            outputs=(saved.output(),),
            size=len(mean),
            shift=tuple(mean) if saved.flag("withMean", False) else None,
            scale=tuple(0.0 if v == 0.0 else 1.0 / v for v in std) if saved.flag("withStd", True) else None,
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector_field(self.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector_field(self.size)}

    def apply(self, *values: Any) -> tuple[Vector | None]:
        (value,) = values
        if self.shift is None and self.scale is None and vector(value, self.inputs[0]) is None:
            return (None,)
        return (self._scaled(vector_of(value, self.size, self.inputs[0])),)

    def _scaled(self, found: Vector) -> Vector:
        shift, scale = self.shift, self.scale
        if isinstance(found, Sparse):
            if shift is None:
                scaled = (
                    found.values
                    if scale is None
                    else [v * scale[i] for i, v in zip(found.indices, found.values, strict=True)]
                )
                return Sparse(found.size, found.indices, scaled)
            found = found.dense()
        if shift is not None and scale is not None:
            return [(v - m) * s for v, m, s in zip(found, shift, scale, strict=True)]
        if shift is not None:
            return [v - m for v, m in zip(found, shift, strict=True)]
        if scale is not None:
            return [v * s for v, s in zip(found, scale, strict=True)]
        return found

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != self.size:
            return None
        if self.shift is not None:
            matrix = matrix - np.array(self.shift)
        if self.scale is not None:
            matrix = matrix * np.array(self.scale)
        return (matrix,)
