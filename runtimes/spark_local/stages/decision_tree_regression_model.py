"""DecisionTreeRegressionModel: the mean of the leaf that a row reaches and, in `varianceCol`, its variance.

Spark's `ml/regression/DecisionTreeRegressor.scala`, 4.3, and `mllib/tree/impurity/Variance.scala` (2.x saves the same).
Equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..averaging_trees import AveragingTrees
from ..columns import Array
from ..registry import register
from ..saved import Saved
from ..saved_trees import VARIANCE_STATS, read_tree


@register
@dataclass(frozen=True, kw_only=True)
class DecisionTreeRegressionModel(AveragingTrees):
    saved_as = ("org.apache.spark.ml.regression.DecisionTreeRegressionModel",)

    @classmethod
    def load(cls, saved: Saved) -> DecisionTreeRegressionModel:
        n_features = saved.count("numFeatures")
        trees = read_tree(saved, n_features, VARIANCE_STATS)
        names = saved.text("predictionCol", "prediction"), saved.text("varianceCol", "")
        return cls.of(saved, trees, n_features, (names[0], trees.prediction), (names[1], _variance(trees.stats)))


def _variance(stats: Array) -> Array:
    """(n_nodes,): from each node's weight, sum and sum of squares; 0 without weight."""
    weight, total, squares = stats.T
    there = weight != 0.0
    weight = np.where(there, weight, 1.0)
    return np.where(there, (squares - total * total / weight) / weight, 0.0)
