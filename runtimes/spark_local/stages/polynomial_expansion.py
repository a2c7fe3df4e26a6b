"""PolynomialExpansion: every product of up to `degree` of a vector's numbers.

Spark's `ml/feature/PolynomialExpansion.scala`, 4.3. For (x, y) and degree 2 they are x, xx, y, xy, yy. Each is
multiplied from the last number to the first, and one that came to 0 on the way stays 0.0, whatever follows; a sparse
vector's products are of the numbers that it stores, and it keeps those that are not 0. Equal to the last bit. Here more
than four million products of a row are refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from math import comb
from typing import Any

import numpy as np

from ..columns import Array, Column, vectors
from ..errors import Rejected
from ..fields import ANY, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, vector_of

_MOST = 2**31 - 1
_MOST_COMPUTED = 2**22


@register
@dataclass(frozen=True)
class PolynomialExpansion(Stage):
    """`size`: the numbers in an expanded vector, if a stage before it tells those of the vector."""

    saved_as = ("org.apache.spark.ml.feature.PolynomialExpansion",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    degree: int
    size: int | None = None

    @classmethod
    def load(cls, saved: Saved) -> PolynomialExpansion:
        degree = saved.integer("degree", 2)
        if degree < 1:
            raise saved.unreadable(f"degree is {degree}, which should be 1 at least")
        return cls((saved.column("inputCol"),), (saved.output(),), degree)

    def bind(self, known: Mapping[str, Field]) -> PolynomialExpansion:
        size = known.get(self.inputs[0], ANY).size
        return self if size is None else replace(self, size=comb(size + self.degree, self.degree) - 1)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector()}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.size)}

    def apply(self, *values: Any) -> tuple[Vector]:
        found = vector_of(values[0], None, self.inputs[0])
        size = found.size if isinstance(found, Sparse) else len(found)
        n_stored = len(found.indices) if isinstance(found, Sparse) else size
        if comb(size + self.degree, self.degree) > _MOST or comb(n_stored + self.degree, self.degree) > _MOST_COMPUTED:
            raise Rejected(f"has {size} numbers, too many for degree {self.degree}", self.inputs[0])
        if isinstance(found, Sparse):
            return (_expanded_sparse(found, self.degree),)
        expanded: list[float] = []
        for parent, factor in _products(size, self.degree):
            product = expanded[parent] if parent >= 0 else 1.0
            # A product of 0, of either sign, ends there: the rest is as if it had not been computed
            expanded.append((product * found[factor] or 0.0) if product else 0.0)
        return (expanded,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or comb(matrix.shape[1] + self.degree, self.degree) > _MOST_COMPUTED:
            return None
        products = _products(matrix.shape[1], self.degree)
        expanded: Array = np.empty((len(products), len(matrix)))
        for at, (parent, factor) in enumerate(products):
            product = expanded[parent] if parent >= 0 else np.ones(len(matrix))
            expanded[at] = np.where(product == 0.0, 0.0, product * matrix[:, factor]) + 0.0
        return (np.ascontiguousarray(expanded.T),)


@lru_cache(maxsize=8)
def _products(size: int, degree: int) -> tuple[tuple[int, int], ...]:
    """For each product in Spark's order: the earlier one, -1 for 1, that is to be multiplied by which number."""
    products: list[tuple[int, int]] = []
    left_to_do = [(False, size - 1, degree, -1)]
    while left_to_do:
        multiply, last, left, start = left_to_do.pop()
        if last < 0 or left == 0:
            continue
        if multiply:
            products.append((start, last))
            start, left = len(products) - 1, left - 1
        # The numbers before the last come first, then the next power of the last
        left_to_do += [(True, last, left, start), (False, last - 1, left, start)]
    return tuple(products)


def _expanded_sparse(found: Sparse, degree: int) -> Sparse:
    indices: list[int] = []
    numbers: list[float] = []
    left_to_do = [(len(found.indices), degree, 1.0, -1)]
    while left_to_do:
        stored, left, product, start = left_to_do.pop()
        if stored == 0 or left == 0:
            if start >= 0:
                indices.append(start)
                numbers.append(product)
            continue
        place, factor = found.indices[stored - 1], found.values[stored - 1]
        powers = []
        for still_left in range(left, -1, -1):
            if product == 0.0:
                break
            powers.append((stored - 1, still_left, product, start))
            start += comb(place + still_left, still_left)
            product *= factor
        left_to_do += reversed(powers)
    return Sparse(comb(found.size + degree, degree) - 1, indices, numbers)
