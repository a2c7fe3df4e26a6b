"""Regression trees, one or many: a number that the predictions of the leaves add up to.

Spark's `ml/regression/`, 4.3. A prediction whose column is named empty is not made; `leafCol` holds the number of each
tree's leaf. Spark lets a vector longer than the model pass; here it is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .columns import Array, Column, dense_vectors
from .fields import NUMBER, Field, vector
from .saved import Saved
from .stage import Stage
from .trees import LeafSums, Trees
from .values import vector_of


@dataclass(frozen=True, kw_only=True)
class AveragingTrees(Stage):
    """`sums`: what a leaf adds to each of the numbers made, those named in `numbers`; `divisor`: by what to divide."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    numbers: tuple[str, ...]
    leaf: str
    n_features: int
    trees: Trees
    sums: LeafSums
    divisor: float = 1.0

    @classmethod
    def of(cls, saved: Saved, trees: Trees, n_features: int, *columns: tuple[str, Array], divisor: float = 1.0) -> Self:
        """A stage that makes `columns` of what its leaves hold, (n_nodes,) each; an empty name: not made."""
        numbers = tuple(name for name, _ in columns if name)
        of_nodes = [of_node for name, of_node in columns if name]
        leaf = saved.text("leafCol", "")
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=(*numbers, *((leaf,) if leaf else ())),
            label=saved.text("labelCol", "label") or None,
            numbers=numbers,
            leaf=leaf,
            n_features=n_features,
            trees=trees,
            sums=LeafSums(np.stack(of_nodes, axis=1) if numbers else np.zeros((len(trees.left), 0))),
            divisor=divisor,
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.n_features)}

    def makes(self) -> Mapping[str, Field]:
        leaf = {self.leaf: self.trees.leaf_field()} if self.leaf else {}
        return {**dict.fromkeys(self.numbers, NUMBER), **leaf}

    def apply(self, *values: Any) -> tuple[Any, ...]:
        leaves = self.trees.leaves(vector_of(values[0], self.n_features, self.inputs[0]))
        made = [total / self.divisor for total in self.sums.of_row(leaves)]
        return (*made, self.trees.leaf_column(leaves).tolist()) if self.leaf else tuple(made)

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        matrix = dense_vectors(columns[0], self.n_features)
        if matrix is None:
            return None
        totals, numbers = [], []
        for leaves in self.trees.leaves_of_rows(matrix):
            totals.append(self.sums.of_rows(leaves))
            if self.leaf:
                numbers.append(self.trees.leaf_column(leaves))
        made = tuple((np.concatenate(totals) / self.divisor).T)
        return (*made, np.concatenate(numbers)) if self.leaf else made
