"""Normalizer: each vector divided by its p-norm.

Spark's `ml/feature/Normalizer.scala`, 4.3, over `Vectors.norm` in `mllib/linalg/Vectors.scala`. A vector whose norm is
0 stays as it is, a sparse one stays sparse; the norm is summed from the left over the numbers that are stored, and for
p = Inf no NaN is larger than a number. Equal to the last bit for p = 1, 2 and Inf, within 1e-9 else.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..columns import Column, vectors
from ..fields import ANY, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, vector_of


@register
@dataclass(frozen=True)
class Normalizer(Stage):
    """`p`: from 1 up. `size`: the numbers in a vector, if a stage before it tells."""

    saved_as = ("org.apache.spark.ml.feature.Normalizer",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    p: float
    size: int | None = None

    @classmethod
    def load(cls, saved: Saved) -> Normalizer:
        p = saved.double("p", 2.0)
        if not p >= 1.0:
            raise saved.unreadable(f"p is {p}, which should be 1 at least")
        return cls((saved.column("inputCol"),), (saved.output(),), p)

    def bind(self, known: Mapping[str, Field]) -> Normalizer:
        return replace(self, size=known.get(self.inputs[0], ANY).size)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector()}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.size)}

    def apply(self, *values: Any) -> tuple[Vector]:
        found = vector_of(values[0], None, self.inputs[0])
        numbers = found.values if isinstance(found, Sparse) else found
        norm = _NORMS[self.p](numbers) if self.p in _NORMS else _p_norm(numbers, self.p)
        if norm == 0.0:
            return (found,)
        numbers = [v / norm for v in numbers]
        return (Sparse(found.size, found.indices, numbers) if isinstance(found, Sparse) else numbers,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or self.p not in (1.0, 2.0):
            return None
        # Accumulated from the left, where NumPy's own sum would add in pairs
        norm = np.add.accumulate(np.abs(matrix) if self.p == 1.0 else matrix * matrix, axis=1)[:, -1:]
        norm = norm if self.p == 1.0 else np.sqrt(norm)
        return (np.divide(matrix, norm, out=matrix.copy(), where=norm != 0.0),)


def _one_norm(numbers: Sequence[float]) -> float:
    total = 0.0
    for v in numbers:
        total += abs(v)
    return total


def _two_norm(numbers: Sequence[float]) -> float:
    total = 0.0
    for v in numbers:
        total += v * v
    return math.sqrt(total)


def _largest(numbers: Sequence[float]) -> float:
    largest = 0.0
    for v in numbers:
        if abs(v) > largest:
            largest = abs(v)
    return largest


def _p_norm(numbers: Sequence[float], p: float) -> float:
    total = 0.0
    try:
        for v in numbers:
            total += abs(v) ** p
    except OverflowError:
        return math.nan if any(map(math.isnan, numbers)) else math.inf
    return math.pow(total, 1.0 / p)


_NORMS: Mapping[float, Callable[[Sequence[float]], float]] = {1.0: _one_norm, 2.0: _two_norm, math.inf: _largest}
