"""VarianceThresholdSelectorModel: the numbers that varied by more than a threshold in training.

Spark's `ml/feature/VarianceThresholdSelector.scala`, 4.3 (since 3.1). Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..columns import Column
from ..fields import ANY, Field, vector
from ..registry import register
from ..saved import Saved
from ..selection import Selection
from ..stage import Stage
from ..values import Vector


@register
@dataclass(frozen=True)
class VarianceThresholdSelectorModel(Stage):
    """`selection`: in ascending order."""

    saved_as = ("org.apache.spark.ml.feature.VarianceThresholdSelectorModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    selection: Selection

    @classmethod
    def load(cls, saved: Saved) -> VarianceThresholdSelectorModel:
        selection = Selection.load(saved, "numeric")
        return cls((saved.column("featuresCol", "features"),), (saved.output(),), selection)

    def bind(self, known: Mapping[str, Field]) -> VarianceThresholdSelectorModel:
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
