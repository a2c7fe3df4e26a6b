"""BucketedRandomProjectionLSHModel: the buckets, `bucketLength` wide, of a vector projected on random directions.

Spark's `ml/feature/BucketedRandomProjectionLSH.scala`, 4.3 (since 2.1). What comes out is an array of vectors of one
number each, one for every hash table. Equal, unless a projection of a dense vector lies so close to a bucket's edge
that the fused rounding of the JVM decides; a sparse vector's sums are Spark's to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..columns import Array, Column, vectors
from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, vector_of


@register
@dataclass(frozen=True)
class BucketedRandomProjectionLSHModel(Stage):
    """`directions`: (n_tables, n_features)."""

    saved_as = ("org.apache.spark.ml.feature.BucketedRandomProjectionLSHModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    length: float
    directions: Array

    @classmethod
    def load(cls, saved: Saved) -> BucketedRandomProjectionLSHModel:
        (stored,) = saved.row("randUnitVectors")
        length = saved.double("bucketLength")
        if not length > 0.0:
            raise saved.unreadable(f"bucketLength is {length}, which should be above 0")
        directions = saved.matrix(stored, "randUnitVectors")
        return cls((saved.column("inputCol"),), (saved.output(),), length, directions)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.directions.shape[1])}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: Field("array<vector>")}

    def apply(self, *values: Any) -> tuple[list[list[float]]]:
        found = vector_of(values[0], self.directions.shape[1], self.inputs[0])
        places, numbers = (found.indices, found.values) if isinstance(found, Sparse) else (range(len(found)), found)
        scale = 1.0 / self.length
        buckets = []
        for direction in self._directions:
            total = 0.0
            for place, v in zip(places, numbers, strict=True):
                total += v * direction[place]
            total *= scale
            buckets.append([float(math.floor(total)) if math.isfinite(total) else total])
        return (buckets,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != self.directions.shape[1]:
            return None
        projected = np.zeros((len(matrix), len(self.directions)))
        for numbers, weights in zip(matrix.T, self.directions.T, strict=True):  # from the left, as for one row
            projected += numbers[:, None] * weights
        return (np.floor(projected * (1.0 / self.length))[:, :, None].tolist(),)

    @cached_property
    def _directions(self) -> list[list[float]]:
        directions: list[list[float]] = self.directions.tolist()
        return directions
