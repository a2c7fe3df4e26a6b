"""LinearRegressionModel: coefficients times features, and the intercept, whatever the loss was.

Spark's `ml/regression/LinearRegression.scala`, 4.3 (2.x saves no `scale`, which scoring does not need). Sparse vectors
to the last bit, dense ones within 1e-9, as `linear` says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..columns import Array, Column
from ..linear import Linear
from ..registry import register
from ..regressor import Regressor
from ..saved import Saved
from ..values import Vector


@register
@dataclass(frozen=True, kw_only=True)
class LinearRegressionModel(Regressor):
    saved_as = ("org.apache.spark.ml.regression.LinearRegressionModel",)

    linear: Linear

    @classmethod
    def load(cls, saved: Saved) -> LinearRegressionModel:
        coefficients, intercept = saved.row("coefficients", "intercept")
        return cls(**cls.columns(saved), linear=Linear.load(saved, coefficients, intercept))

    @property
    def n_features(self) -> int:
        return self.linear.n_features

    def predict(self, found: Vector) -> float:
        return self.linear.of_row(found)

    def predict_rows(self, column: Column) -> Array | None:
        return self.linear.of_rows(column)
