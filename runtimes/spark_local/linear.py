"""A linear predictor: coefficients times a vector's numbers, added up, and an intercept.

Spark's `ml/linalg/BLAS.scala`, 4.3. Where one of the two is sparse, the sum is Spark's to the last bit; where both are
dense the JVM sums in another order and multiplies and adds in one rounding, so that it is equal within 1e-9 relative to
the largest term. Where coefficients were saved sparse, those left out meet no number, not even an infinite one.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from operator import mul
from typing import Any

import numpy as np

from .columns import Array, Column, SparseRows, sparse_rows, vectors
from .saved import Saved
from .values import Sparse, Vector


@dataclass(frozen=True, eq=False)
class Linear:
    """`met`: where coefficients were saved sparse, the indices of those that were; None: they are dense."""

    coefficients: tuple[float, ...]
    intercept: float
    met: tuple[int, ...] | None = None

    @classmethod
    def load(cls, saved: Saved, coefficients: Any, intercept: Any) -> Linear:
        """From a stored vector and number. Raises Unreadable."""
        numbers = saved.vector(coefficients, "coefficients")
        if type(intercept) is not float:
            raise saved.unreadable(f"its intercept is {intercept!r}")
        met = sorted(coefficients["indices"]) if coefficients["type"] == 0 else None
        return cls(tuple(numbers), intercept, None if met is None else tuple(met))

    @property
    def n_features(self) -> int:
        """How many numbers a vector has to hold."""
        return len(self.coefficients)

    def of_row(self, found: Vector) -> float:
        """The sum for one vector of `n_features` numbers."""
        coefficients, total = self.coefficients, 0.0
        if isinstance(found, Sparse):
            met = None if self.met is None else self._met
            for index, value in zip(found.indices, found.values, strict=True):
                if met is None or index in met:
                    total += value * coefficients[index]
        elif self.met is not None:
            for index in self.met:
                total += found[index] * coefficients[index]
        else:
            total = sum(map(mul, found, coefficients))
        return total + self.intercept

    def of_rows(self, column: Column) -> Array | None:
        """(n_rows,): the sums; None: the column is not of vectors of one kind."""
        if (rows := sparse_rows(column)) is not None:
            return self._of_sparse(rows) if rows.size == self.n_features else None
        if (matrix := vectors(column)) is None or matrix.shape[1] != self.n_features:
            return None
        met = slice(None) if self.met is None else list(self.met)
        return np.asarray(matrix[:, met] @ self._array[met], np.float64) + self.intercept

    def _of_sparse(self, rows: SparseRows) -> Array:
        products = rows.values * self._array[rows.indices]
        if self.met is not None:
            products = np.where(np.isin(rows.indices, self.met), products, 0.0)
        sums = np.bincount(rows.row_numbers(), products, len(rows.starts) - 1)
        return np.asarray(sums, np.float64) + self.intercept

    @cached_property
    def _array(self) -> Array:
        return np.array(self.coefficients)

    @cached_property
    def _met(self) -> frozenset[int]:
        return frozenset(self.met or ())
