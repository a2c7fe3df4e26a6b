"""StandardScalerModel: each number less its mean, times the reciprocal of its standard deviation.

Spark's `ml/feature/StandardScaler.scala`, 4.3 (the arithmetic is 3.0's; 2.x does the same through mllib): a standard
deviation of 0 scales to 0. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..columns import Column
from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..scaling import Scaling
from ..stage import Stage
from ..values import Vector


@register
@dataclass(frozen=True)
class StandardScalerModel(Stage):
    """`scaling`: without a shift where withMean is false, without a scale where withStd is."""

    saved_as = ("org.apache.spark.ml.feature.StandardScalerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    scaling: Scaling

    @classmethod
    def load(cls, saved: Saved) -> StandardScalerModel:
        stored_std, stored_mean = saved.row("std", "mean")
        std, mean = saved.vector(stored_std, "std"), saved.vector(stored_mean, "mean")
        if len(std) != len(mean):
            raise saved.unreadable(f"std has {len(std)} numbers but mean {len(mean)}")
        shift = tuple(mean) if saved.flag("withMean", False) else None
        scale = tuple(1.0 / v if v else 0.0 for v in std) if saved.flag("withStd", True) else None
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(mean), shift, scale))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.scaling.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.scaling.size)}

    def apply(self, *values: Any) -> tuple[Vector | None]:
        return (self.scaling.of_value(values[0], self.inputs[0]),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        made = self.scaling.of_column(columns[0])
        return None if made is None else (made,)
