"""Decision trees as Spark saves them, flattened for scoring: which leaf of each tree a vector falls into.

Spark's `ml/tree/treeModels.scala`, `Node.scala` and `Split.scala`, 4.3 (2.x files differ in columns that scoring does
not need). A continuous split sends `x <= threshold` left, so NaN goes right. A categorical one keeps the smaller of its
two sets, the left one if it has at most half of the categories; what is not in the kept set goes to the other side,
an unseen category too. What a leaf means (votes, a mean) is for the stage that owns the trees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .columns import Array
from .values import Sparse, Vector

Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]

# Of a categorical split: the kept set, and whether that is the left one. None where there is no such split.
Categories: TypeAlias = "tuple[frozenset[float], bool] | None"

# Rows scored at a time: the visited nodes of a block stay in the processor's cache.
_BLOCK_ROWS = 1024


class _Zeros(dict[int, float]):
    """A sparse vector's numbers by index; the others are 0."""

    def __missing__(self, index: int) -> float:
        return 0.0


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees in one array per field, each tree in pre-order: a left child stands behind its parent.

    A leaf is its own left and right child. `categories` holds, for a node with a categorical split, the kept set and
    whether that is the left one; elsewhere None. All arrays have `n_nodes` entries.
    """

    roots: tuple[int, ...]
    feature: Integers
    threshold: Array
    left: Integers
    right: Integers
    categories: tuple[Categories, ...]
    stats: Array
    """(n_nodes, n_stats): the training statistics of each node, for a classifier the weight of each class."""

    def leaves(self, vector: Vector) -> list[int]:
        """The node in which each tree ends for one vector."""
        x = _Zeros(zip(vector.indices, vector.values, strict=True)) if isinstance(vector, Sparse) else vector
        feature, threshold, right, categories = self._lists
        ends = []
        for node in self.roots:
            while (child := right[node]) != node:
                if (kept := categories[node]) is None:
                    node = node + 1 if x[feature[node]] <= threshold[node] else child
                else:
                    node = node + 1 if (x[feature[node]] in kept[0]) is kept[1] else child
            ends.append(node)
        return ends

    def leaves_of_rows(self, matrix: Array) -> Integers:
        """The same for `matrix` (n_rows, n_features): (n_rows, n_trees)."""
        blocks = [self._block(matrix[start : start + _BLOCK_ROWS]) for start in range(0, len(matrix), _BLOCK_ROWS)]
        return np.concatenate(blocks)

    def _block(self, matrix: Array) -> Integers:
        rows = np.arange(len(matrix))[:, None]
        node = np.broadcast_to(np.array(self.roots), (len(matrix), len(self.roots)))
        for _ in range(self.depth):
            x = matrix[rows, self.feature[node]]
            goes_left = x <= self.threshold[node]
            if self._has_categories:
                goes_left = np.where(self._is_categorical[node], self._category_goes_left(node, x), goes_left)
            node = np.where(goes_left, self.left[node], self.right[node])
        return node

    def _category_goes_left(self, node: Integers, x: Array) -> Booleans:
        first, unseen, goes_left = self._category_table
        past = unseen[node]
        category: Integers = np.where((x >= 0) & (x < past) & (x == np.floor(x)), x, past).astype(np.int64)
        found: Booleans = goes_left[first[node] + category]
        return found

    @cached_property
    def depth(self) -> int:
        """Splits on the longest way from a root to a leaf."""
        depth = np.zeros(len(self.feature), np.int64)
        for node in range(len(self.feature) - 1, -1, -1):
            if self.right[node] != node:
                depth[node] = 1 + max(depth[self.left[node]], depth[self.right[node]])
        return int(max(depth[list(self.roots)]))

    @cached_property
    def leaf_numbers(self) -> Integers:
        """(n_nodes,): a leaf's place among those of its tree, counted from 0 in pre-order; of no meaning for others."""
        is_leaf = self.right == np.arange(len(self.right))
        before: Integers = np.cumsum(is_leaf) - is_leaf
        nodes_of_tree = np.diff((*self.roots, len(is_leaf)))
        numbers: Integers = before - np.repeat(before[list(self.roots)], nodes_of_tree)
        return numbers

    @cached_property
    def _lists(self) -> tuple[list[int], list[float], list[int], Sequence[Categories]]:
        """The arrays for one row: a list gives its elements several times as fast as an array."""
        return self.feature.tolist(), self.threshold.tolist(), self.right.tolist(), self.categories

    @cached_property
    def _is_categorical(self) -> Booleans:
        return np.array([kept is not None for kept in self.categories])

    @cached_property
    def _has_categories(self) -> bool:
        return bool(self._is_categorical.any())

    @cached_property
    def _category_table(self) -> tuple[Integers, Integers, Booleans]:
        """Where a node's entries begin, the category that stands for all that are in no kept set, and the entries."""
        first: list[int] = []
        unseen: list[int] = []
        goes_left: list[bool] = []
        for node in self.categories:
            kept, is_left = node or (frozenset(), True)
            past = int(max(kept, default=-1.0)) + 1
            first.append(len(goes_left))
            unseen.append(past)
            goes_left += [(category in kept) is is_left for category in range(past + 1)]
        return np.array(first), np.array(unseen), np.array(goes_left)
