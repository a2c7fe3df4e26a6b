"""GBTClassificationModel: the weighted predictions of its trees add up to the margin m of class 1; p = 1/(1 + e^(-2m)).

Spark's `ml/classification/GBTClassifier.scala`, 4.3, and `mllib/tree/loss/LogLoss.scala` (2.x saves the same). The JVM
multiplies and adds in one rounding where this rounds twice: equal within 1e-9 relative to the largest term.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Array
from ..java_math import sigmoid
from ..registry import register
from ..saved import Saved
from ..saved_trees import VARIANCE_STATS, read_forest, read_weights
from ..trees import LeafSums
from ..voting_trees import VotingTrees


@register
@dataclass(frozen=True, kw_only=True)
class GBTClassificationModel(VotingTrees):
    """A leaf has one vote, its share of the margin."""

    saved_as = ("org.apache.spark.ml.classification.GBTClassificationModel",)

    @classmethod
    def load(cls, saved: Saved) -> GBTClassificationModel:
        n_features, n_trees = saved.count("numFeatures"), saved.count("numTrees")
        made = ClassifierOutputs.load(saved, 2)
        trees = read_forest(saved, n_trees, n_features, VARIANCE_STATS)
        weighted = trees.prediction * read_weights(saved, n_trees)[trees.tree]
        return cls(**cls.params(saved, made), n_features=n_features, trees=trees, sums=LeafSums(weighted[:, None]))

    def scores(self, votes: list[float]) -> tuple[list[float], list[float]]:
        (margin,) = votes
        negative = sigmoid(-2.0 * margin)
        return [-margin, margin], [negative, 1.0 - negative]

    def scores_of_rows(self, votes: Array) -> tuple[Array, Array]:
        negative = 1.0 / (1.0 + np.exp(2.0 * votes))
        return np.hstack([-votes, votes]), np.hstack([negative, 1.0 - negative])
