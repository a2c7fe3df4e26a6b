"""The nodes of decision trees as Spark saved them, checked and flattened into `Trees`.

Spark's `ml/tree/treeModels.scala`, 4.3: a node is `id, prediction, impurity, impurityStats, rawCount, gain, leftChild,
rightChild, split{featureIndex, leftCategoriesOrThreshold, numCategories}`, ids count in pre-order from 0, and -1 stands
for "no child" and "not categorical". 2.x files lack `rawCount`. Nothing is scored here.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from .columns import Array
from .saved import Saved
from .trees import Booleans, Categories, Integers, Trees


def read_forest(saved: Saved, n_trees: int, n_features: int, n_stats: int) -> Trees:
    """The trees of an ensemble: rows of `treeID, nodeData` in `data`, in any order and any number of part files.

    Raises Unreadable if there are not `n_trees` whole trees that use `n_features` features, with `n_stats` statistics
    in each node.
    """
    if (described := saved.table("treesMetadata").num_rows) != n_trees:
        raise saved.unreadable(f"its metadata says {n_trees} trees but treesMetadata describes {described}")
    table = saved.table()
    try:
        tree, nodes = table["treeID"].to_numpy(), table["nodeData"].combine_chunks()
        order = np.lexsort((pc.struct_field(nodes, "id").to_numpy(), tree))
        return _Reader(saved, nodes.take(pa.array(order)), np.bincount(tree, minlength=n_trees)).read(
            n_features, n_stats
        )
    except (KeyError, ValueError, TypeError, IndexError, pa.ArrowException) as error:
        raise saved.unreadable(f"its trees are not as Spark stores them ({error})") from error


class _Reader:
    """Checks nodes in the order of tree and id, then flattens them. `per_tree`: how many nodes each tree has."""

    def __init__(self, saved: Saved, nodes: pa.StructArray, per_tree: Integers) -> None:
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
        given = pc.struct_field(self._nodes, ["split", "leftCategoriesOrThreshold"])
        lengths, numbers = pc.list_value_length(given).to_numpy(), given.flatten().to_numpy()
        starts = np.cumsum(lengths) - lengths
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
        stats = pc.struct_field(self._nodes, "impurityStats")
        self._check(
            bool(pc.all(pc.equal(pc.list_value_length(stats), n_stats)).as_py()), f"a node has not {n_stats} stats"
        )
        found: Array = stats.flatten().to_numpy().reshape(size, n_stats)
        return found

    def _integers(self, name: str) -> Integers:
        found: Integers = pc.struct_field(self._nodes, name).to_numpy().astype(np.int64, casting="safe")
        return found

    def _split(self, name: str) -> Integers:
        found: Integers = pc.struct_field(self._nodes, ["split", name]).to_numpy().astype(np.int64, casting="safe")
        return found

    def _check(self, fine: bool, reason: str) -> None:
        if not fine:
            raise self._saved.unreadable(reason)
