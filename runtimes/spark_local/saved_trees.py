"""The nodes of decision trees as Spark saved them, checked and laid out as `Trees`.

Spark's `ml/tree/treeModels.scala`, 4.3: a node is `id, prediction, impurity, impurityStats, rawCount, gain, leftChild,
rightChild, split{featureIndex, leftCategoriesOrThreshold, numCategories}`, ids count in pre-order from 0, and -1 stands
for "no child" and "not categorical". 2.x files lack `rawCount`. Nothing is scored here.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .columns import Array
from .nested import Struct
from .saved import Saved
from .trees import Booleans, Categories, Integers, Splits, Trees

VARIANCE_STATS = 3
"""The training statistics of a regression tree's node: the weight, the sum and the sum of squares of the labels."""


def read_tree(saved: Saved, n_features: int, n_stats: int) -> Trees:
    """The one tree whose nodes are the rows of `data`, in any order and any number of part files.

    Raises Unreadable if it is not whole, or uses other features than `n_features`, or has not `n_stats` statistics in
    each node.
    """
    table = saved.table()
    nodes = table.take(np.argsort(saved.whole_numbers(table, "id"), kind="stable"))
    return replace(_Reader(saved, nodes, (), np.array([len(nodes)])).read(n_features, n_stats), alone=True)


def read_forest(saved: Saved, n_trees: int, n_features: int, n_stats: int) -> Trees:
    """The same for the trees of an ensemble, where the rows are `treeID, nodeData`."""
    if (described := len(saved.table("treesMetadata"))) != n_trees:
        raise saved.unreadable(f"its metadata says {n_trees} trees but treesMetadata describes {described}")
    table = saved.table()
    tree = saved.whole_numbers(table, "treeID")
    if len(tree) == 0 or tree.min() < 0 or tree.max() >= n_trees:
        raise saved.unreadable(f"its nodes are not those of {n_trees} trees")
    nodes = table.take(np.lexsort((saved.whole_numbers(table, "nodeData", "id"), tree)))
    return _Reader(saved, nodes, ("nodeData",), np.bincount(tree, minlength=n_trees)).read(n_features, n_stats)


def read_weights(saved: Saved, n_trees: int) -> Array:
    """(n_trees,): the weight of each tree of an ensemble. Its column is the third; what it is called has changed."""
    table = saved.table("treesMetadata")
    names = tuple(table.fields)
    if len(names) != 3:
        raise saved.unreadable(f"its treesMetadata has the columns {', '.join(names)}, not tree, metadata and weight")
    weights = np.zeros(n_trees)
    tree = saved.whole_numbers(table, names[0])
    if sorted(tree.tolist()) != list(range(n_trees)):
        raise saved.unreadable(f"its treesMetadata does not describe {n_trees} trees")
    weights[tree] = saved.numbers(table, names[2])
    return weights


class _Reader:
    """Checks nodes in the order of tree and id, then lays them out.

    `within`: the column that holds a node; `per_tree`: how many nodes each tree has.
    """

    def __init__(self, saved: Saved, nodes: Struct, within: tuple[str, ...], per_tree: Integers) -> None:
        self._saved = saved
        self._nodes = nodes
        self._within = within
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
        offset = np.arange(size) - own
        children = np.sort(np.concatenate([(left + offset)[splits], (right + offset)[splits]]))
        self._check(np.array_equal(children, np.flatnonzero(own > 0)), "a node has no parent, or two")
        self._check(bool((right[splits] > left[splits]).all()), "a node is its own descendant")
        self._check(bool(((feature[splits] >= 0) & (feature[splits] < n_features)).all()), "a split is on no feature")
        different, asked = self._different(splits, feature)
        levels = _levels(self._starts, splits, left + offset, right + offset)
        order = np.concatenate(levels)
        place = np.empty(size, np.int64)
        place[order] = np.arange(size)
        leaves_before = np.cumsum(~splits) - ~splits
        return Trees(
            n_trees=len(self._per_tree),
            depth=len(levels) - 1,
            splits=different,
            split=asked[order],
            left=place[np.where(splits, left + offset, np.arange(size))[order]],
            tree=np.repeat(np.arange(len(self._per_tree)), self._per_tree)[order],
            leaf_number=(leaves_before - np.repeat(leaves_before[self._starts], self._per_tree))[order],
            prediction=self._saved.numbers(self._nodes, *self._within, "prediction").astype(np.float64)[order],
            stats=self._stats(size, n_stats)[order],
        )

    def _different(self, splits: Booleans, feature: Integers) -> tuple[Splits, Integers]:
        """The different splits, and which of them each node asks: from `leftCategoriesOrThreshold`, `numCategories`."""
        n_categories = self._split("numCategories")
        given = self._saved.lists(self._nodes, *self._within, "split", "leftCategoriesOrThreshold")
        lengths, starts, numbers = given.lengths, given.starts[:-1], self._saved.items(given)
        continuous = splits & (n_categories == -1)
        self._check(bool((lengths[continuous] == 1).all()), "a split on a number has not one threshold")
        nodes = np.flatnonzero(continuous)
        features, thresholds, which = _different(feature[nodes], numbers[starts[nodes]])
        asked = np.zeros(len(splits), np.int64)
        asked[nodes] = which + 1
        of_categories: dict[tuple[int, Categories], int] = {}
        for node in np.flatnonzero(splits & (n_categories != -1)):
            listed = frozenset(numbers[starts[node] : starts[node] + lengths[node]].tolist())
            n = int(n_categories[node])
            fits = all(0 <= category < n and category == int(category) for category in listed)
            self._check(fits, "a split is on categories that its feature has not")
            is_left = int(lengths[node]) <= n // 2
            kept = (listed if is_left else frozenset(map(float, range(n))) - listed, is_left)
            asked[node] = of_categories.setdefault((int(feature[node]), kept), 1 + len(features) + len(of_categories))
        none = [None] * (1 + len(features))
        different = Splits(
            feature=np.array([0, *features.tolist(), *(of for of, _ in of_categories)]),
            threshold=np.array([0.0, *thresholds.tolist(), *(0.0 for _ in of_categories)]),
            categories=(*none, *(kept for _, kept in of_categories)),
        )
        return different, asked

    def _stats(self, size: int, n_stats: int) -> Array:
        stats = self._saved.lists(self._nodes, *self._within, "impurityStats")
        self._check(bool((stats.lengths == n_stats).all()), f"a node has not {n_stats} stats")
        return self._saved.items(stats).astype(np.float64).reshape(size, n_stats)

    def _integers(self, *path: str) -> Integers:
        return self._saved.whole_numbers(self._nodes, *self._within, *path)

    def _split(self, name: str) -> Integers:
        return self._integers("split", name)

    def _check(self, fine: bool, reason: str) -> None:
        if not fine:
            raise self._saved.unreadable(reason)


def _levels(roots: Integers, splits: Booleans, left: Integers, right: Integers) -> list[Integers]:
    """The nodes of each level, children in the order of their parents."""
    levels = [roots]
    while len(parents := levels[-1][splits[levels[-1]]]):
        levels.append(np.stack([left[parents], right[parents]], axis=1).ravel())
    return levels


def _different(feature: Integers, threshold: Array) -> tuple[Integers, Array, Integers]:
    """The different pairs of feature and threshold, and which of them stands at each place."""
    order = np.lexsort((threshold, feature))
    feature, threshold = feature[order], threshold[order]
    is_new = np.ones(len(order), np.bool_)
    is_new[1:] = (feature[1:] != feature[:-1]) | (threshold[1:] != threshold[:-1])
    which = np.empty(len(order), np.int64)
    which[order] = np.cumsum(is_new) - 1
    return feature[is_new], threshold[is_new], which
