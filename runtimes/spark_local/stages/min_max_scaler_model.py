"""MinMaxScalerModel: each column's numbers moved from the range seen in training into that from `min` to `max`.

Spark's `ml/feature/MinMaxScaler.scala`, 4.3 (2.x divides before it multiplies): a NaN stays one, a column whose range
is 0 becomes the middle of `min` and `max`, and the vector comes out in its smaller form. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..columns import Column, compressed_rows, vectors
from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, compressed, vector_of


@register
@dataclass(frozen=True)
class MinMaxScalerModel(Stage):
    """`shift`, `scale`: for each column; a scale of 0 stands for a column without a range, which becomes `middle`."""

    saved_as = ("org.apache.spark.ml.feature.MinMaxScalerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    shift: tuple[float, ...]
    scale: tuple[float, ...]
    least: float
    middle: float

    @classmethod
    def load(cls, saved: Saved) -> MinMaxScalerModel:
        stored_min, stored_max = saved.row("originalMin", "originalMax")
        low, high = saved.vector(stored_min, "originalMin"), saved.vector(stored_max, "originalMax")
        if len(low) != len(high):
            raise saved.unreadable(f"originalMin has {len(low)} numbers but originalMax {len(high)}")
        least, most = saved.double("min", 0.0), saved.double("max", 1.0)
        if not least < most:
            raise saved.unreadable(f"min is {least}, which is not below max, {most}")
        ranges = [b - a for a, b in zip(low, high, strict=True)]
        return cls(
            inputs=(saved.column("inputCol"),),
            outputs=(saved.output(),),
            shift=tuple(low),
            scale=tuple((most - least) / v if v else 0.0 for v in ranges),
            least=least,
            middle=(least + most) / 2,
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(len(self.scale))}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(len(self.scale))}

    def apply(self, *values: Any) -> tuple[Vector]:
        found = vector_of(values[0], len(self.scale), self.inputs[0])
        numbers = found.dense() if isinstance(found, Sparse) else found
        least, middle = self.least, self.middle
        scaled = [
            (v - low) * scale + least if scale != 0.0 or v != v else middle
            for v, low, scale in zip(numbers, self.shift, self.scale, strict=True)
        ]
        return (compressed(scaled),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != len(self.scale):
            return None
        scale = np.array(self.scale)
        scaled = (matrix - np.array(self.shift)) * scale + self.least
        return (compressed_rows(np.where((scale == 0.0) & ~np.isnan(matrix), self.middle, scaled)),)
