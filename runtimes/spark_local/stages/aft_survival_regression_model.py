"""AFTSurvivalRegressionModel: e to the power of a linear predictor and, in `quantilesCol`, quantiles of the Weibull
distribution whose scale that is.

Spark's `ml/regression/AFTSurvivalRegression.scala`, 4.3 (2.x saves the same). Within 1e-9 relative to the largest term.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..columns import Column
from ..fields import NUMBER, Field, vector
from ..java_math import exp, log, log1p
from ..linear import Linear
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import vector_of

_PROBABILITIES = (0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99)


@register
@dataclass(frozen=True, kw_only=True)
class AFTSurvivalRegressionModel(Stage):
    """`quantiles`: those of the distribution of scale 1."""

    saved_as = ("org.apache.spark.ml.regression.AFTSurvivalRegressionModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    prediction: str
    quantiles_column: str
    linear: Linear
    quantiles: tuple[float, ...]

    @classmethod
    def load(cls, saved: Saved) -> AFTSurvivalRegressionModel:
        coefficients, intercept, scale = saved.row("coefficients", "intercept", "scale")
        if type(scale) is not float:
            raise saved.unreadable(f"its scale is {scale!r}")
        probabilities = saved.doubles("quantileProbabilities") or _PROBABILITIES
        if not all(0.0 < of < 1.0 for of in probabilities):
            raise saved.unreadable(f"quantileProbabilities are {list(probabilities)}, not between 0 and 1")
        prediction, quantiles_column = saved.text("predictionCol", "prediction"), saved.text("quantilesCol", "")
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=tuple(name for name in (prediction, quantiles_column) if name),
            label=saved.text("labelCol", "label") or None,
            prediction=prediction,
            quantiles_column=quantiles_column,
            linear=Linear.load(saved, coefficients, intercept),
            quantiles=tuple(exp(log(-log1p(-of)) * scale) for of in probabilities),
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.linear.n_features)}

    def makes(self) -> Mapping[str, Field]:
        quantiles = {self.quantiles_column: vector(len(self.quantiles))} if self.quantiles_column else {}
        return dict.fromkeys(self.outputs, NUMBER) | quantiles

    def apply(self, *values: Any) -> tuple[Any, ...]:
        predicted = exp(self.linear.of_row(vector_of(values[0], self.linear.n_features, self.inputs[0])))
        return self._named(predicted, [of * predicted for of in self.quantiles])

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        predictor = self.linear.of_rows(columns[0])
        if predictor is None:
            return None
        predicted = np.exp(predictor)
        return self._named(predicted, predicted[:, None] * np.array(self.quantiles))

    def _named(self, prediction: Any, quantiles: Any) -> tuple[Any, ...]:
        made = ((self.prediction, prediction), (self.quantiles_column, quantiles))
        return tuple(value for name, value in made if name)
