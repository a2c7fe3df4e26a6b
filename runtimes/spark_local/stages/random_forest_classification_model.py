"""RandomForestClassificationModel: each tree's leaf votes with its class weights, which add up to 1.

Spark's `ml/classification/RandomForestClassifier.scala`, 4.3 (2.x saves the same). Equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import row_sums
from ..registry import register
from ..saved import Saved
from ..saved_trees import read_forest
from ..trees import LeafSums
from ..voting_trees import VotingTrees


@register
@dataclass(frozen=True, kw_only=True)
class RandomForestClassificationModel(VotingTrees):
    saved_as = ("org.apache.spark.ml.classification.RandomForestClassificationModel",)

    @classmethod
    def load(cls, saved: Saved) -> RandomForestClassificationModel:
        n_features, n_classes, n_trees = saved.count("numFeatures"), saved.count("numClasses"), saved.count("numTrees")
        made = ClassifierOutputs.load(saved, n_classes)
        trees = read_forest(saved, n_trees, n_features, n_classes)
        total = row_sums(trees.stats)
        votes = np.divide(trees.stats, total, out=np.zeros_like(trees.stats), where=total != 0.0)
        return cls(**cls.params(saved, made), n_features=n_features, trees=trees, sums=LeafSums(votes))
