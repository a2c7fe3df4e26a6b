"""GBTRegressionModel: what its trees predict, each by its weight, added up.

Spark's `ml/regression/GBTRegressor.scala`, 4.3 (2.x saves the same). The JVM multiplies and adds in one rounding where
this rounds twice: equal within 1e-9 relative to the largest term.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..averaging_trees import AveragingTrees
from ..registry import register
from ..saved import Saved
from ..saved_trees import VARIANCE_STATS, read_forest, read_weights


@register
@dataclass(frozen=True, kw_only=True)
class GBTRegressionModel(AveragingTrees):
    saved_as = ("org.apache.spark.ml.regression.GBTRegressionModel",)

    @classmethod
    def load(cls, saved: Saved) -> GBTRegressionModel:
        n_features, n_trees = saved.count("numFeatures"), saved.count("numTrees")
        trees = read_forest(saved, n_trees, n_features, VARIANCE_STATS)
        weighted = trees.prediction * read_weights(saved, n_trees)[trees.tree]
        return cls.of(saved, trees, n_features, (saved.text("predictionCol", "prediction"), weighted))
