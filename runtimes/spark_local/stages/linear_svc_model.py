"""LinearSVCModel: the raw scores are minus and plus the margin; class 1 where the margin is above `threshold`.

Spark's `ml/classification/LinearSVC.scala`, 4.3 (2.2 and later). There are no probabilities. Margins of sparse vectors
to the last bit, of dense ones within 1e-9, as `linear` says.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Column
from ..fields import Field, vector
from ..linear import Linear
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import vector_of


@register
@dataclass(frozen=True, kw_only=True)
class LinearSVCModel(Stage):
    saved_as = ("org.apache.spark.ml.classification.LinearSVCModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    made: ClassifierOutputs
    linear: Linear
    threshold: float

    @classmethod
    def load(cls, saved: Saved) -> LinearSVCModel:
        coefficients, intercept = saved.row("coefficients", "intercept")
        raw, prediction = saved.text("rawPredictionCol", "rawPrediction"), saved.text("predictionCol", "prediction")
        made = ClassifierOutputs(raw, "", prediction, 2, None)
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=made.names,
            label=saved.text("labelCol", "label") or None,
            made=made,
            linear=Linear.load(saved, coefficients, intercept),
            threshold=saved.double("threshold", 0.0),
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.linear.n_features)}

    def makes(self) -> Mapping[str, Field]:
        return self.made.fields()

    def apply(self, *values: Any) -> tuple[Any, ...]:
        margin = self.linear.of_row(vector_of(values[0], self.linear.n_features, self.inputs[0]))
        return self.made.named([-margin, margin], None, float(margin > self.threshold))

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        margin = self.linear.of_rows(columns[0])
        if margin is None:
            return None
        return self.made.named(np.stack([-margin, margin], axis=1), None, (margin > self.threshold).astype(np.float64))
