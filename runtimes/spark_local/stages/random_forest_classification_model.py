"""RandomForestClassificationModel: each tree's leaf votes with its class weights, which add up to 1.

Spark's `ml/classification/RandomForestClassifier.scala`, 4.3 (2.x saves the same). The votes are summed tree by tree
and probabilities are votes by their sum, class by class, so both are Spark's to the last bit. `leafCol` holds
the number of each tree's leaf. Spark lets a vector longer than the model pass; here it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Array, Column, vectors
from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..saved_trees import read_forest
from ..stage import Stage
from ..trees import Trees
from ..values import vector_of


@register
@dataclass(frozen=True, kw_only=True)
class RandomForestClassificationModel(Stage):
    """`votes`: (n_nodes, n_classes), what a leaf adds to each class."""

    saved_as = ("org.apache.spark.ml.classification.RandomForestClassificationModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    made: ClassifierOutputs
    leaf: str
    n_features: int
    trees: Trees
    votes: Array

    @classmethod
    def load(cls, saved: Saved) -> RandomForestClassificationModel:
        n_features, n_classes, n_trees = saved.count("numFeatures"), saved.count("numClasses"), saved.count("numTrees")
        made = ClassifierOutputs.load(saved, n_classes)
        leaf = saved.text("leafCol", "")
        trees = read_forest(saved, n_trees, n_features, n_classes)
        total = _sum(trees.stats)
        votes = np.divide(trees.stats, total, out=np.zeros_like(trees.stats), where=total != 0.0)
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=(*made.names, *((leaf,) if leaf else ())),
            label=saved.text("labelCol", "label") or None,
            made=made,
            leaf=leaf,
            n_features=n_features,
            trees=trees,
            votes=votes,
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.n_features)}

    def makes(self) -> Mapping[str, Field]:
        leaf = {self.leaf: vector(len(self.trees.roots))} if self.leaf else {}
        return {**self.made.fields(), **leaf}

    def apply(self, *values: Any) -> tuple[Any, ...]:
        leaves = self.trees.leaves(vector_of(values[0], self.n_features, self.inputs[0]))
        votes = self._votes_of_leaf
        raw = [0.0] * self.made.n_classes
        for leaf in leaves:
            raw = [have + more for have, more in zip(raw, votes[leaf], strict=True)]
        # Not the built-in sum: from Python 3.12 on it corrects rounding, which Spark does not
        total = 0.0
        for vote in raw:
            total += vote
        probability = [vote / total for vote in raw] if total else raw
        made = self.made.of_row(raw, probability)
        return (*made, [self._leaf_number[leaf] for leaf in leaves]) if self.leaf else made

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != self.n_features:
            return None
        leaves = self.trees.leaves_of_rows(matrix)
        raw = np.zeros((len(matrix), self.made.n_classes))
        for of_tree in leaves.T:
            raw += self.votes[of_tree]
        total = _sum(raw)
        probability = np.divide(raw, total, out=raw.copy(), where=total != 0.0)
        made = self.made.of_rows(raw, probability)
        return (*made, self.trees.leaf_numbers[leaves].astype(np.float64)) if self.leaf else made

    @cached_property
    def _votes_of_leaf(self) -> list[list[float]]:
        votes: list[list[float]] = self.votes.tolist()
        return votes

    @cached_property
    def _leaf_number(self) -> list[float]:
        numbers: list[float] = self.trees.leaf_numbers.astype(np.float64).tolist()
        return numbers


def _sum(rows: Array) -> Array:
    """(n_rows, 1): the sum of each row from the left, where NumPy's own would add in pairs."""
    total = np.zeros((len(rows), 1))
    for column in rows.T:
        total += column[:, None]
    return total
