"""DCT: a vector's discrete cosine transform of type II, or its inverse, scaled so that its matrix is orthonormal.

Spark's `ml/feature/DCT.scala`, 4.3, which takes the transform of JTransforms. This one's is within 1e-9 of the vector's
largest number, and a zero may have the other sign. An infinity is refused, for what Spark makes of it hangs on the
order of steps; so is an empty vector, as in Spark. A sparse vector becomes dense.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..columns import Array, Column, vectors
from ..errors import Rejected
from ..fields import ANY, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import vector_of, written_out


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
        numbers = written_out(vector_of(values[0], None, self.inputs[0]), self.inputs[0])
        if not numbers or any(map(math.isinf, numbers)):
            raise Rejected("is empty" if not numbers else "has an infinity, which has no transform", self.inputs[0])
        if len(numbers) == 1:
            return (numbers,)
        with np.errstate(all="ignore"):
            (made,) = _transform(np.array([numbers]), self.inverse).tolist()
        return (made,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or np.isinf(matrix).any():
            return None
        return (_transform(matrix, self.inverse) if matrix.shape[1] > 1 else matrix,)


def _transform(rows: Array, inverse: bool) -> Array:
    """(n_rows, size): through the Fourier transform of a row's even numbers and then its odd ones, backwards."""
    size = rows.shape[1]
    turn = np.exp(0.5j * np.pi * np.arange(size) / size)
    scale = np.full(size, math.sqrt(2.0 / size))
    scale[0] = math.sqrt(1.0 / size)
    if not inverse:
        ordered = np.concatenate([rows[:, ::2], rows[:, 1::2][:, ::-1]], axis=1)
        made: Array = (np.fft.fft(ordered) * turn.conj()).real * scale
        return made
    cosines = rows / scale
    backwards = np.concatenate([np.zeros((len(rows), 1)), cosines[:, :0:-1]], axis=1)
    ordered = np.fft.ifft(turn * (cosines - 1j * backwards)).real
    made = np.empty_like(rows)
    made[:, ::2], made[:, 1::2] = ordered[:, : (size + 1) // 2], ordered[:, (size + 1) // 2 :][:, ::-1]
    return made
