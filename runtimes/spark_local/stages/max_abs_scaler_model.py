"""MaxAbsScalerModel: each number times the reciprocal of the largest absolute one of its column.

Spark's `ml/feature/MaxAbsScaler.scala`, 4.3 (2.x divides instead): where the largest is 0 the number stays as it is.
Equal to the last bit.
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
class MaxAbsScalerModel(Stage):
    """`scaling`: by the reciprocals."""

    saved_as = ("org.apache.spark.ml.feature.MaxAbsScalerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    scaling: Scaling

    @classmethod
    def load(cls, saved: Saved) -> MaxAbsScalerModel:
        (stored,) = saved.row("maxAbs")
        scale = tuple(1.0 / v if v else 1.0 for v in saved.vector(stored, "maxAbs"))
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(scale), None, scale))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.scaling.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.scaling.size)}

    def apply(self, *values: Any) -> tuple[Vector | None]:
        return (self.scaling.of_value(values[0], self.inputs[0]),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        made = self.scaling.of_column(columns[0])
        return None if made is None else (made,)
