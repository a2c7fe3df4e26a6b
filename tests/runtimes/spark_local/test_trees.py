"""One row in plain Python, one in NumPy and many at once fall into the same leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN

from runtimes.spark_local import trees as trees_module
from runtimes.spark_local.trees import LeafSums, Splits, Trees
from runtimes.spark_local.values import Sparse

N_TREES, N_FEATURES = 40, 6


def forest(depth: int = 5, seed: int = 0) -> Trees:
    """Full trees, whose splits are on thresholds and, on the last feature, on categories."""
    random = np.random.default_rng(seed)
    n_nodes, n_splits = N_TREES * (2 ** (depth + 1) - 1), N_TREES * (2**depth - 1)
    left = np.arange(n_nodes)
    left[:n_splits] = N_TREES + 2 * np.arange(n_splits)
    splits = Splits(
        feature=np.array([0, *random.integers(N_FEATURES - 1, size=30), *[N_FEATURES - 1] * 3]),
        threshold=np.array([0.0, *random.normal(size=30), 0.0, 0.0, 0.0]),
        categories=(*[None] * 31, (frozenset({1.0}), True), (frozenset({0.0, 2.0}), False), (frozenset(), True)),
    )
    split = np.where(np.arange(n_nodes) < n_splits, random.integers(1, len(splits), size=n_nodes), 0)
    numbers = random.normal(size=(n_nodes, 2))
    zeros = np.zeros(n_nodes, np.int64)
    return Trees(N_TREES, depth, splits, split, left, zeros, np.arange(n_nodes), numbers[:, 0], numbers)


def rows() -> Any:
    random = np.random.default_rng(1)
    matrix = random.normal(size=(70, N_FEATURES))
    matrix[:, -1] = random.choice([0.0, 1.0, 2.0, 3.0, 0.5, -1.0, NAN, INF], size=70)
    matrix[::7, 0] = NAN
    return matrix


@pytest.mark.parametrize("splits_per_step", [4, 0])
def test_all_ways_lead_to_the_same_leaves(monkeypatch: pytest.MonkeyPatch, splits_per_step: int) -> None:
    monkeypatch.setattr(trees_module, "_SPLITS_PER_STEP", splits_per_step)
    monkeypatch.setattr(trees_module, "_BLOCK_STEPS", N_TREES * 16)
    trees, matrix = forest(), rows()
    sums = LeafSums(trees.stats)
    blocks = list(trees.leaves_of_rows(matrix))
    assert len(blocks) > 3
    for row, leaves in zip(matrix.tolist(), np.concatenate(blocks).tolist(), strict=True):
        assert trees._few_leaves(row) == leaves
        assert list(trees.leaves(row)) == leaves
        filled = [index for index, number in enumerate(row) if number != 0.0]
        sparse = Sparse(N_FEATURES, filled, [row[index] for index in filled])
        assert trees._few_leaves(sparse) == leaves
        assert list(trees.leaves(sparse)) == leaves
        total = sums.of_row(leaves)
        assert sums.of_row(np.array(leaves)) == total
        assert sums.of_rows(np.array([leaves]))[0].tolist() == total
