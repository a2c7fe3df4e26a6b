"""RandomForestRegressionModel: the mean of what its trees predict.

Spark's `ml/regression/RandomForestRegressor.scala`, 4.3 (2.x saves the same). Trees are added in their order, so it is
equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..averaging_trees import AveragingTrees
from ..registry import register
from ..saved import Saved
from ..saved_trees import VARIANCE_STATS, read_forest


@register
@dataclass(frozen=True, kw_only=True)
class RandomForestRegressionModel(AveragingTrees):
    saved_as = ("org.apache.spark.ml.regression.RandomForestRegressionModel",)

    @classmethod
    def load(cls, saved: Saved) -> RandomForestRegressionModel:
        n_features, n_trees = saved.count("numFeatures"), saved.count("numTrees")
        trees = read_forest(saved, n_trees, n_features, VARIANCE_STATS)
        prediction = saved.text("predictionCol", "prediction")
        return cls.of(saved, trees, n_features, (prediction, trees.prediction), divisor=float(n_trees))
