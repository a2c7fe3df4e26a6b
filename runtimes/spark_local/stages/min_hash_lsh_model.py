"""MinHashLSHModel: the least hash of the places at which a vector is not 0, in each of several hash tables.

Spark's `ml/feature/MinHashLSH.scala`, 4.3 (since 2.1). What comes out is an array of vectors of one number each; a NaN
counts as not 0, and a vector of zeros only is refused. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..columns import Column, sparse_rows
from ..errors import Rejected
from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, vector_of

_PRIME = 2_038_074_743


@register
@dataclass(frozen=True)
class MinHashLSHModel(Stage):
    """`coefficients`: a factor and a summand for each hash table."""

    saved_as = ("org.apache.spark.ml.feature.MinHashLSHModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    coefficients: tuple[tuple[int, int], ...]

    @classmethod
    def load(cls, saved: Saved) -> MinHashLSHModel:
        (stored,) = saved.row("randCoefficients")
        if not isinstance(stored, list) or len(stored) % 2 or not all(type(v) is int and v >= 0 for v in stored):
            raise saved.unreadable(f"its randCoefficients are {stored!r}, not pairs of whole numbers")
        pairs = tuple(zip(stored[::2], stored[1::2], strict=True))
        return cls((saved.column("inputCol"),), (saved.output(),), pairs)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector()}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: Field("array<vector>")}

    def apply(self, *values: Any) -> tuple[list[list[float]]]:
        found = vector_of(values[0], None, self.inputs[0])
        places, numbers = (found.indices, found.values) if isinstance(found, Sparse) else (range(len(found)), found)
        filled = [place + 1 for place, v in zip(places, numbers, strict=True) if v != 0.0]
        if not filled:
            raise Rejected("should have at least one number that is not 0", self.inputs[0])
        return ([[float(min((place * a + b) % _PRIME for place in filled))] for a, b in self.coefficients],)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        rows = sparse_rows(columns[0])
        if rows is None or (rows.values == 0.0).any() or (np.diff(rows.starts) == 0).any():
            return None
        places = rows.indices + 1
        least = [np.minimum.reduceat((places * a + b) % _PRIME, rows.starts[:-1]) for a, b in self.coefficients]
        return (np.stack(least, axis=1).astype(np.float64)[:, :, None].tolist(),)
