"""Trees whose leaves vote for classes: one tree, a forest, or boosted ones.

Spark's `ml/classification/ProbabilisticClassifier.scala`, 4.3. Votes are added tree by tree and probabilities are,
unless a stage says otherwise, votes by their sum, added class by class: both are Spark's to the last bit. `leafCol`
holds the number of each tree's leaf. Spark lets a vector longer than the model pass; here it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .classifier import ClassifierOutputs
from .columns import Array, Column, dense_vectors
from .fields import Field, vector
from .saved import Saved
from .stage import Stage
from .trees import LeafSums, Trees
from .values import vector_of


@dataclass(frozen=True, kw_only=True)
class VotingTrees(Stage):
    """`votes`: what a leaf adds to each class."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    made: ClassifierOutputs
    leaf: str
    n_features: int
    trees: Trees
    votes: LeafSums

    @classmethod
    def params(cls, saved: Saved, made: ClassifierOutputs) -> dict[str, Any]:
        """What all of them read alike."""
        leaf = saved.text("leafCol", "")
        return {
            "inputs": (saved.column("featuresCol", "features"),),
            "outputs": (*made.names, *((leaf,) if leaf else ())),
            "label": saved.text("labelCol", "label") or None,
            "made": made,
            "leaf": leaf,
        }

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.n_features)}

    def makes(self) -> Mapping[str, Field]:
        leaf = {self.leaf: self.trees.leaf_field()} if self.leaf else {}
        return {**self.made.fields(), **leaf}

    def apply(self, *values: Any) -> tuple[Any, ...]:
        leaves = self.trees.leaves(vector_of(values[0], self.n_features, self.inputs[0]))
        made = self.made.of_row(*self.scores(self.votes.of_row(leaves)))
        return (*made, self.trees.leaf_column(leaves).tolist()) if self.leaf else made

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        matrix = dense_vectors(columns[0], self.n_features)
        if matrix is None:
            return None
        votes, numbers = [], []
        for leaves in self.trees.leaves_of_rows(matrix):
            votes.append(self.votes.of_rows(leaves))
            if self.leaf:
                numbers.append(self.trees.leaf_column(leaves))
        made = self.made.of_rows(*self.scores_of_rows(np.concatenate(votes)))
        return (*made, np.concatenate(numbers)) if self.leaf else made

    def scores(self, votes: list[float]) -> tuple[list[float], list[float]]:
        """A row's raw scores and probabilities from the votes of all trees."""
        # Not the built-in sum: from Python 3.12 on it corrects rounding, which Spark does not
        total = 0.0
        for vote in votes:
            total += vote
        return votes, [vote / total for vote in votes] if total else votes

    def scores_of_rows(self, votes: Array) -> tuple[Array, Array]:
        """The same for many rows, all of shape (n_rows, n_classes)."""
        total = row_sums(votes)
        return votes, np.divide(votes, total, out=votes.copy(), where=total != 0.0)


def row_sums(rows: Array) -> Array:
    """(n_rows, 1): the sum of each row from the left, where NumPy's own would add in pairs."""
    total = np.zeros((len(rows), 1))
    for column in rows.T:
        total += column[:, None]
    return total
