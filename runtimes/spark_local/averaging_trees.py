"""Regression trees, one or many: numbers that the leaves add up to, such as their predictions.

Spark's `ml/regression/`, 4.3. A prediction whose column is named empty is not made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from .columns import Array
from .fields import NUMBER, Field
from .saved import Saved
from .tree_stage import TreeStage
from .trees import LeafSums, Trees


@dataclass(frozen=True, kw_only=True)
class AveragingTrees(TreeStage):
    """`divisor`: by what the sums are divided."""

    divisor: float = 1.0

    @classmethod
    def of(cls, saved: Saved, trees: Trees, n_features: int, *made: tuple[str, Array], divisor: float = 1.0) -> Self:
        """A stage of columns named and what each node adds to them, (n_nodes,); an empty name: not made."""
        of_nodes = [of_node for name, of_node in made if name]
        return cls(
            **cls.columns(saved, [name for name, _ in made if name]),
            n_features=n_features,
            trees=trees,
            sums=LeafSums(np.stack(of_nodes, axis=1) if of_nodes else np.zeros((len(trees.left), 0))),
            divisor=divisor,
        )

    def makes(self) -> Mapping[str, Field]:
        return {**dict.fromkeys(self.outputs, NUMBER), **super().makes()}

    def of_row(self, sums: list[float]) -> tuple[Any, ...]:
        return tuple([total / self.divisor for total in sums])

    def of_rows(self, sums: Array) -> tuple[Array, ...]:
        return tuple((sums / self.divisor).T)
