"""DCT: a vector's discrete cosine transform of type II, or its inverse, scaled so that its matrix is orthonormal.

Spark's `ml/feature/DCT.scala`, 4.3, which takes the fast transform of JTransforms. Here it is a product with the
matrix: within 1e-9 of the vector's largest number, and a zero may have the other sign. An infinity is refused, for what
the fast transform makes of it hangs on its order of steps; so is an empty vector, as in Spark. A sparse vector becomes
dense.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from ..columns import Array, Column, vectors
from ..errors import Rejected
from ..fields import ANY, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, vector_of


@register
@dataclass(frozen=True)
class DCT(Stage):
    """`size`: the numbers in a vector, if a stage before it tells."""

    saved_as = ("org.apache.spark.ml.feature.DCT",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    inverse: bool
    size: int | None = None

    @classmethod
    def load(cls, saved: Saved) -> DCT:
        return cls((saved.column("inputCol"),), (saved.output(),), saved.flag("inverse", False))

    def bind(self, known: Mapping[str, Field]) -> DCT:
        return replace(self, size=known.get(self.inputs[0], ANY).size)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector()}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.size)}

    def apply(self, *values: Any) -> tuple[list[float]]:
        found = vector_of(values[0], None, self.inputs[0])
        numbers = found.dense() if isinstance(found, Sparse) else found
        if not numbers or any(map(math.isinf, numbers)):
            raise Rejected("is empty" if not numbers else "has an infinity, which has no transform", self.inputs[0])
        if len(numbers) == 1:
            return (numbers,)
        with np.errstate(all="ignore"):
            made: list[float] = (np.array(numbers) @ _matrix(len(numbers), self.inverse)).tolist()
        return (made,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or np.isinf(matrix).any():
            return None
        return (matrix @ _matrix(matrix.shape[1], self.inverse) if matrix.shape[1] > 1 else matrix,)


@lru_cache(maxsize=8)
def _matrix(size: int, inverse: bool) -> Array:
    """(size, size): what a row is multiplied by."""
    place, frequency = np.arange(size)[:, None], np.arange(size)
    # Whole numbers as far as the cosine's period, which a large argument would not keep
    matrix = np.cos(np.pi * ((2 * place + 1) * frequency % (4 * size)) / (2 * size)) * math.sqrt(2.0 / size)
    matrix[:, 0] = math.sqrt(1.0 / size)
    return np.ascontiguousarray(matrix.T) if inverse else matrix
