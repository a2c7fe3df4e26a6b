"""Trees whose leaves vote for classes: one tree, a forest, or boosted ones.

Spark's `ml/classification/ProbabilisticClassifier.scala`, 4.3. Votes are added tree by tree and probabilities are,
unless a stage says otherwise, votes by their sum, added class by class: both are Spark's to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .classifier import ClassifierOutputs
from .columns import Array, row_sums
from .fields import Field
from .saved import Saved
from .tree_stage import TreeStage


@dataclass(frozen=True, kw_only=True)
class VotingTrees(TreeStage):
    """`made`: the columns, and how the prediction is chosen. What the leaves add up to are votes for each class."""

    made: ClassifierOutputs

    @classmethod
    def params(cls, saved: Saved, made: ClassifierOutputs) -> dict[str, Any]:
        """What all of them read alike."""
        return {**cls.columns(saved, made.names), "made": made}

    def makes(self) -> Mapping[str, Field]:
        return {**self.made.fields(), **super().makes()}

    def of_row(self, sums: list[float]) -> tuple[Any, ...]:
        return self.made.of_row(*self.scores(sums))

    def of_rows(self, sums: Array) -> tuple[Array, ...]:
        return self.made.of_rows(*self.scores_of_rows(sums))

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
