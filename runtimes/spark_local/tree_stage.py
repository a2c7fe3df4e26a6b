"""What stages of decision trees have in common: numbers from what a row's leaves add up to, and the leaves themselves.

Spark's `ml/tree/treeModels.scala`, 4.3. `leafCol` holds the number of each tree's leaf. Spark lets a vector longer than
the model pass; here it is refused.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import Array, Column, dense_vectors
from .fields import Field, vector
from .saved import Saved
from .stage import Stage
from .trees import LeafSums, Trees
from .values import vector_of


@dataclass(frozen=True, kw_only=True)
class TreeStage(Stage):
    """`sums`: what each leaf adds; `leaf`: the last of the outputs, of the leaves' numbers, or empty: not made."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    leaf: str
    n_features: int
    trees: Trees
    sums: LeafSums

    @classmethod
    def columns(cls, saved: Saved, made: Sequence[str]) -> dict[str, Any]:
        """The names of its columns, where `made` is what it makes of the sums."""
        leaf = saved.text("leafCol", "")
        return {
            "inputs": (saved.column("featuresCol", "features"),),
            "outputs": (*made, *((leaf,) if leaf else ())),
            "label": saved.text("labelCol", "label") or None,
            "leaf": leaf,
        }

    @abstractmethod
    def of_row(self, sums: list[float]) -> tuple[Any, ...]:
        """A row's outputs but the leaves, from the sums of all trees."""

    @abstractmethod
    def of_rows(self, sums: Array) -> tuple[Array, ...]:
        """The same for many rows: `sums` (n_rows, n_numbers)."""

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.n_features)}

    def makes(self) -> Mapping[str, Field]:
        return {self.leaf: self.trees.leaf_field()} if self.leaf else {}

    def apply(self, *values: Any) -> tuple[Any, ...]:
        leaves = self.trees.leaves(vector_of(values[0], self.n_features, self.inputs[0]))
        made = self.of_row(self.sums.of_row(leaves))
        return (*made, self.trees.leaf_column(leaves).tolist()) if self.leaf else made

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        matrix = dense_vectors(columns[0], self.n_features)
        if matrix is None:
            return None
        sums, numbers = [], []
        for leaves in self.trees.leaves_of_rows(matrix):
            sums.append(self.sums.of_rows(leaves))
            if self.leaf:
                numbers.append(self.trees.leaf_column(leaves))
        made = self.of_rows(np.concatenate(sums))
        return (*made, np.concatenate(numbers)) if self.leaf else made
