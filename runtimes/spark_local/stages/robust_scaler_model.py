"""RobustScalerModel: each number less its column's median, times the reciprocal of its column's quantile range.

Spark's `ml/feature/RobustScaler.scala`, 4.3 (since 3.0): a range of 0 scales to 0. Equal to the last bit.
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
class RobustScalerModel(Stage):
    """`scaling`: without a shift where withCentering is false, without a scale where withScaling is."""

    saved_as = ("org.apache.spark.ml.feature.RobustScalerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    scaling: Scaling

    @classmethod
    def load(cls, saved: Saved) -> RobustScalerModel:
        stored_range, stored_median = saved.row("range", "median")
        width, median = saved.vector(stored_range, "range"), saved.vector(stored_median, "median")
        if len(width) != len(median):
            raise saved.unreadable(f"range has {len(width)} numbers but median {len(median)}")
        shift = tuple(median) if saved.flag("withCentering", False) else None
        scale = tuple(1.0 / v if v else 0.0 for v in width) if saved.flag("withScaling", True) else None
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(median), shift, scale))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.scaling.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.scaling.size)}

    def apply(self, *values: Any) -> tuple[Vector | None]:
        return (self.scaling.of_value(values[0], self.inputs[0]),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        made = self.scaling.of_column(columns[0])
        return None if made is None else (made,)
