"""A factorization machine of degree two: a linear predictor and, by way of factors, one for each pair of features.

Spark's `ml/regression/FMRegressor.scala`, 4.3 (3.0 and later). The sum over pairs is half of what the squared sums
exceed the sums of squares by, factor by factor; equal within 1e-9 relative to the largest term.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .columns import Array
from .linear import Linear
from .saved import Saved
from .values import Sparse, Vector


@dataclass(frozen=True, eq=False)
class FactorizationMachine:
    """`factors`: for each factor, a number for each feature."""

    linear: Linear
    factors: tuple[tuple[float, ...], ...]

    @classmethod
    def load(cls, saved: Saved) -> FactorizationMachine:
        """From the one row of `data`. Raises Unreadable."""
        intercept, linear, factors = saved.row("intercept", "linear", "factors")
        matrix = saved.matrix(factors, "factors")
        found = Linear.load(saved, linear, intercept)
        if len(matrix) != found.n_features:
            raise saved.unreadable(f"factors for {len(matrix)} features, but {found.n_features} coefficients")
        return cls(found, tuple(map(tuple, matrix.T.tolist())))

    @property
    def n_features(self) -> int:
        """How many numbers a vector has to hold."""
        return self.linear.n_features

    def of_row(self, found: Vector) -> float:
        """The prediction for one vector of `n_features` numbers."""
        pairs = zip(found.indices, found.values, strict=True) if isinstance(found, Sparse) else enumerate(found)
        filled = [(index, value) for index, value in pairs if value != 0.0]
        predicted = self.linear.of_row(found)
        for factor in self.factors:
            total = squares = 0.0
            for index, value in filled:
                product = factor[index] * value
                total += product
                squares += product * product
            predicted += 0.5 * (total * total - squares)
        return predicted

    def of_rows(self, matrix: Array) -> Array | None:
        """(n_rows,): the same for `matrix` (n_rows, n_features)."""
        predicted = self.linear.of_rows(matrix)
        if predicted is None:
            return None
        for factor in self.factors:
            products = matrix * np.array(factor)
            total = products.sum(axis=1)
            predicted = predicted + 0.5 * (total * total - (products * products).sum(axis=1))
        return predicted
