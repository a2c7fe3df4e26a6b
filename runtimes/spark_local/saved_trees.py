"""The nodes of decision trees as Spark saved them, checked and flattened into `Trees`.

Spark's `ml/tree/treeModels.scala`, 4.3: a node is `id, prediction, impurity, impurityStats, rawCount, gain, leftChild,
rightChild, split{featureIndex, leftCategoriesOrThreshold, numCategories}`, ids count in pre-order from 0, and -1 stands
for "no child" and "not categorical". 2.x files lack `rawCount`. Nothing is scored here.
"""

from __future__ import annotations

import numpy as np

from .columns import Array
from .nested import Struct
from .saved import Saved
from .trees import Booleans, Categories, Integers, Trees


def read_forest(saved: Saved, n_trees: int, n_features: int, n_stats: int) -> Trees:
    """The trees of an ensemble: rows of `treeID, nodeData` in `data`, in any order and any number of part files.

    Raises Unreadable if there are not `n_trees` whole trees that use `n_features` features, with `n_stats` statistics
    in each node.
    """
    if (described := len(saved.table("treesMetadata"))) != n_trees:
        raise saved.unreadable(f"its metadata says {n_trees} trees but treesMetadata describes {described}")
    table = saved.table()
    tree = saved.numbers(table, "treeID")
    if len(tree) == 0 or tree.min() < 0 or tree.max() >= n_trees:
        raise saved.unreadable(f"its nodes are not those of {n_trees} trees")
    nodes = table.take(np.lexsort((saved.numbers(table, "nodeData", "id"), tree)))
    return _Reader(saved, nodes, np.bincount(tree, minlength=n_trees)).read(n_features, n_stats)


class _Reader:
    """Checks nodes in the order of tree and id, then flattens them. `per_tree`: how many nodes each tree has."""

    def __init__(self, saved: Saved, nodes: Struct, per_tree: Integers) -> None:
        self._saved = saved
        self._nodes = nodes
        self._starts = np.cumsum(per_tree) - per_tree
        self._per_tree = per_tree

    def read(self, n_features: int, n_stats: int) -> Trees:
        self._check(len(self._per_tree) > 0 and bool((self._per_tree > 0).all()), "a tree has no nodes")
        size = int(self._per_tree.sum())
        own = np.arange(size) - np.repeat(self._starts, self._per_tree)
        left, right, feature = self._integers("leftChild"), self._integers("rightChild"), self._split("featureIndex")
        self._check(bool((self._integers("id") == own).all()), "the ids of a tree's nodes are not 0, 1, 2, …")
        splits = left != -1
        self._check(bool((left[splits] == own[splits] + 1).all()), "its nodes are not in pre-order")
        children = np.sort(
            np.concatenate([(left + np.arange(size) - own)[splits], (right + np.arange(size) - own)[splits]])
        )
        self._check(np.array_equal(children, np.flatnonzero(own > 0)), "a node has no parent, or two")
        self._check(bool((right[splits] > left[splits]).all()), "a node is its own descendant")
        self._check(bool(((feature[splits] >= 0) & (feature[splits] < n_features)).all()), "a split is on no feature")
        threshold, categories = self._tests(splits)
        offset = np.arange(size) - own
        return Trees(
            roots=tuple(self._starts.tolist()),
            feature=np.where(splits, feature, 0),
            threshold=threshold,
            left=np.where(splits, left + offset, np.arange(size)),
            right=np.where(splits, right + offset, np.arange(size)),
            categories=categories,
            stats=self._stats(size, n_stats),
        )

    def _tests(self, splits: Booleans) -> tuple[Array, tuple[Categories, ...]]:
        """Each node's threshold and kept categories, from `leftCategoriesOrThreshold` and `numCategories`."""
        n_categories = self._split("numCategories")
        given = self._saved.lists(self._nodes, "nodeData", "split", "leftCategoriesOrThreshold")
        lengths, starts, numbers = given.lengths, given.starts[:-1], self._saved.items(given)
        continuous = splits & (n_categories == -1)
        self._check(bool((lengths[continuous] == 1).all()), "a split on a number has not one threshold")
        threshold = np.zeros(len(splits))
        threshold[continuous] = numbers[starts[continuous]]
        categories: list[Categories] = [None] * len(splits)
        for node in np.flatnonzero(splits & (n_categories != -1)):
            listed = frozenset(numbers[starts[node] : starts[node] + lengths[node]].tolist())
            every = frozenset(map(float, range(n_categories[node])))
            self._check(listed <= every, "a split is on categories that its feature has not")
            is_left = int(lengths[node]) <= int(n_categories[node]) // 2
            categories[node] = (listed if is_left else every - listed, is_left)
        return threshold, tuple(categories)

    def _stats(self, size: int, n_stats: int) -> Array:
        stats = self._saved.lists(self._nodes, "nodeData", "impurityStats")
        self._check(bool((stats.lengths == n_stats).all()), f"a node has not {n_stats} stats")
        found: Array = self._saved.items(stats).reshape(size, n_stats)
        return found

    def _integers(self, *path: str) -> Integers:
        found = self._saved.numbers(self._nodes, "nodeData", *path)
        self._check(found.dtype.kind in "iu", f"{'.'.join(path)} does not hold whole numbers")
        return found.astype(np.int64)

    def _split(self, name: str) -> Integers:
        return self._integers("split", name)

    def _check(self, fine: bool, reason: str) -> None:
        if not fine:
            raise self._saved.unreadable(reason)
