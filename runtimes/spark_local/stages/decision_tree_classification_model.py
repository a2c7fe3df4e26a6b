"""DecisionTreeClassificationModel: raw scores are the class weights of the leaf that a row reaches.

Spark's `ml/classification/DecisionTreeClassifier.scala`, 4.3 (2.x saves the same). With neither raw scores nor
probabilities among its columns Spark takes the prediction that the leaf was saved with, and passes over the thresholds.
Equal to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..classifier import ClassifierOutputs
from ..registry import register
from ..saved import Saved
from ..saved_trees import read_tree
from ..trees import LeafSums
from ..voting_trees import VotingTrees


@register
@dataclass(frozen=True, kw_only=True)
class DecisionTreeClassificationModel(VotingTrees):
    saved_as = ("org.apache.spark.ml.classification.DecisionTreeClassificationModel",)

    @classmethod
    def load(cls, saved: Saved) -> DecisionTreeClassificationModel:
        n_features, n_classes = saved.count("numFeatures"), saved.count("numClasses")
        made = ClassifierOutputs.load(saved, n_classes)
        if not made.raw and not made.probability:
            made = replace(made, thresholds=None)
        trees = read_tree(saved, n_features, n_classes)
        return cls(**cls.params(saved, made), n_features=n_features, trees=trees, sums=LeafSums(trees.stats))
