"""FMRegressionModel: what a factorization machine predicts.

Spark's `ml/regression/FMRegressor.scala`, 4.3 (3.0 and later). Within 1e-9, as `factorization` says.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..columns import Array, Column, dense_vectors
from ..factorization import FactorizationMachine
from ..registry import register
from ..regressor import Regressor
from ..saved import Saved
from ..values import Vector


@register
@dataclass(frozen=True, kw_only=True)
class FMRegressionModel(Regressor):
    saved_as = ("org.apache.spark.ml.regression.FMRegressionModel",)

    machine: FactorizationMachine

    @classmethod
    def load(cls, saved: Saved) -> FMRegressionModel:
        return cls(**cls.columns(saved), machine=FactorizationMachine.load(saved))

    @property
    def n_features(self) -> int:
        return self.machine.n_features

    def predict(self, found: Vector) -> float:
        return self.machine.of_row(found)

    def predict_rows(self, column: Column) -> Array | None:
        matrix = dense_vectors(column, self.n_features)
        return None if matrix is None else self.machine.of_rows(matrix)
