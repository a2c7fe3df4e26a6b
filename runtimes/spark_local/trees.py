"""Decision trees as Spark saves them, laid out for scoring: which leaf of each tree a vector falls into.

Spark's `ml/tree/treeModels.scala`, `Node.scala` and `Split.scala`, 4.3 (2.x files differ in columns that scoring does
not need). A continuous split sends `x <= threshold` left, so NaN goes right. A categorical one keeps the smaller of its
two sets, the left one if it has at most half of the categories; what is not in the kept set goes to the other side,
an unseen category too. What a leaf means (votes, a mean) is for the stage that owns the trees.

The trees of a forest ask the same few questions over and over, so each different split is answered once for a row; from
then on a step down is two look-ups. All trees go down together, level by level.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from .columns import Array
from .fields import NUMBER, Field
from .fields import vector as vector_field
from .values import Sparse, Vector

Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]

# Of a categorical split: the kept set, and whether that is the left one. None: it is on a threshold.
Categories: TypeAlias = "tuple[frozenset[float], bool] | None"

_BLOCK_STEPS = 1 << 18
"""Nodes, and answers to splits, that a block of rows works on at a time: they stay in the processor's cache."""
_ARRAYS_FROM = 128
"""The least number of steps down for which one row is faster in NumPy than in plain Python."""
_SPLITS_PER_STEP = 4
"""Where there are more splits to a step than this, only those that are met are answered."""


class _Zeros(dict[int, float]):
    """A sparse vector's numbers by index; the others are 0."""

    def __missing__(self, index: int) -> float:
        return 0.0


@dataclass(frozen=True)
class Splits:
    """The different questions of a forest; the first is that of leaves, whose answer is always left."""

    feature: Integers
    threshold: Array
    categories: tuple[Categories, ...]

    def __len__(self) -> int:
        return len(self.feature)

    def go_right(self, rows: Array, asked: Integers | None = None) -> Booleans:
        """The answers to the splits `asked` (…, n), None for all, of rows of shape (…, n_features)."""
        if asked is None:
            asked = np.arange(len(self))
        feature = self.feature.take(asked)
        x = rows.take(feature, -1) if feature.ndim == 1 else np.take_along_axis(rows, feature, -1)
        right = ~(x <= self.threshold.take(asked))
        if self._has_categories:
            right = np.where(self._is_categorical[asked], self._category_goes_right(x, asked), right)
        right &= asked > 0
        return right

    def _category_goes_right(self, x: Array, asked: Integers) -> Booleans:
        first, unseen, goes_right = self._category_table
        past = unseen[asked]
        category: Integers = np.where((x >= 0) & (x < past) & (x == np.floor(x)), x, past).astype(np.int64)
        found: Booleans = goes_right[first[asked] + category]
        return found

    @cached_property
    def _is_categorical(self) -> Booleans:
        return np.array([kept is not None for kept in self.categories])

    @cached_property
    def _has_categories(self) -> bool:
        return bool(self._is_categorical.any())

    @cached_property
    def _category_table(self) -> tuple[Integers, Integers, Booleans]:
        """Where a split's entries begin, the category that stands for all that are in no kept set, and the entries."""
        first: list[int] = []
        unseen: list[int] = []
        goes_right: list[bool] = []
        for split in self.categories:
            kept, is_left = split or (frozenset(), True)
            past = int(max(kept, default=-1.0)) + 1
            first.append(len(goes_right))
            unseen.append(past)
            goes_right += [(category in kept) is not is_left for category in range(past + 1)]
        return np.array(first), np.array(unseen), np.array(goes_right)


@dataclass(frozen=True)
class Trees:
    """The nodes of all trees, level by level: first the roots, then their children, and so on, siblings side by side.

    All arrays have an entry for each node. `left`: its left child, behind which stands the right one; a leaf is its
    own. `split`: which one it asks. `tree`: the number of its tree. `leaf_number`: a leaf's place among those of its
    tree from left to right; of no meaning for others. `stats`: (n_nodes, n_stats), its training statistics, for a
    classifier the weight of each class.
    """

    n_trees: int
    depth: int
    splits: Splits
    split: Integers
    left: Integers
    tree: Integers
    leaf_number: Integers
    prediction: Array
    stats: Array
    alone: bool = False
    """Whether this is one tree by itself, not a forest of one."""

    def leaf_field(self) -> Field:
        """What is known of `leafCol`: a number or, of a forest, a vector of them."""
        return NUMBER if self.alone else vector_field(self.n_trees)

    def leaf_column(self, leaves: Sequence[int] | Integers) -> Array:
        """What `leafCol` holds where `leaves` (…, n_trees) were reached."""
        numbers = self.leaf_number[leaves].astype(np.float64)
        found: Array = numbers[..., 0] if self.alone else numbers
        return found

    def leaves(self, vector: Vector) -> Sequence[int] | Integers:
        """The node in which each tree ends for one vector."""
        if self.n_trees * self.depth < _ARRAYS_FROM:
            return self._few_leaves(vector)
        if isinstance(vector, Sparse):
            row = np.zeros(vector.size)
            row[vector.indices] = vector.values
        else:
            row = np.array(vector)
        return self._descend(row, np.arange(self.n_trees))

    def _few_leaves(self, vector: Vector) -> list[int]:
        x = _Zeros(zip(vector.indices, vector.values, strict=True)) if isinstance(vector, Sparse) else vector
        lefts, feature, threshold, categories = self._lists
        ends = []
        for root in range(self.n_trees):
            node = root
            while (left := lefts[node]) != node:
                if (kept := categories[node]) is None:
                    node = left if x[feature[node]] <= threshold[node] else left + 1
                else:
                    node = left if (x[feature[node]] in kept[0]) is kept[1] else left + 1
            ends.append(node)
        return ends

    def leaves_of_rows(self, matrix: Array) -> Iterator[Integers]:
        """The same for `matrix` (n_rows, n_features), block by block of its rows: (n_rows of the block, n_trees)."""
        n_answers = len(self.splits) if self._answers_all else 0
        n_rows = max(_BLOCK_STEPS // max(self.n_trees, n_answers), 1)
        for start in range(0, len(matrix), n_rows):
            rows = matrix[start : start + n_rows]
            yield self._descend(rows, np.broadcast_to(np.arange(self.n_trees), (len(rows), self.n_trees)))

    def _descend(self, rows: Array, node: Integers) -> Integers:
        """From the roots in `node` (…, n_trees) to the leaves that rows of shape (…, n_features) reach."""
        if not self._answers_all:
            for _ in range(self.depth):
                node = self.left.take(node) + self.splits.go_right(rows, self.split.take(node))
            return node
        answers = self.splits.go_right(rows)
        begin = np.arange(answers.size // len(self.splits))[:, None] * len(self.splits) if answers.ndim == 2 else 0
        for _ in range(self.depth):
            node = self.left.take(node) + answers.take(self.split.take(node) + begin)
        return node

    @cached_property
    def _answers_all(self) -> bool:
        """Whether each row gets all splits answered, or those only that it meets."""
        return len(self.splits) <= _SPLITS_PER_STEP * self.n_trees * self.depth + 1

    @cached_property
    def _lists(self) -> tuple[list[int], list[int], list[float], list[Categories]]:
        """Each node's left child and split, for one row: a list is read several times as fast as an array."""
        splits, split = self.splits, self.split
        categories = [splits.categories[number] for number in split]
        return self.left.tolist(), splits.feature[split].tolist(), splits.threshold[split].tolist(), categories


class LeafSums:
    """What the leaves that a row reaches add up to, tree by tree from the first one. `table`: (n_nodes, n_numbers)."""

    def __init__(self, table: Array) -> None:
        self.table = table

    def of_row(self, leaves: Sequence[int] | Integers) -> list[float]:
        """(n_numbers,): the sum for one row's leaves."""
        # Not np.sum, which adds in pairs, nor the built-in sum, which from Python 3.12 on corrects rounding. A sum
        # begins with 0.0, and so is never -0.0
        if isinstance(leaves, np.ndarray):
            total: list[float] = (np.add.accumulate(self.table.take(leaves, 0))[-1] + 0.0).tolist()
            return total
        numbers = self._lists
        added = [0.0] * self.table.shape[1]
        for leaf in leaves:
            added = [have + more for have, more in zip(added, numbers[leaf], strict=True)]
        return added

    def of_rows(self, leaves: Integers) -> Array:
        """(n_rows, n_numbers): the same for leaves of shape (n_rows, n_trees)."""
        total: Array = np.add.accumulate(self.table.take(leaves, 0), 1)[:, -1] + 0.0
        return total

    @cached_property
    def _lists(self) -> list[list[float]]:
        numbers: list[list[float]] = self.table.tolist()
        return numbers
