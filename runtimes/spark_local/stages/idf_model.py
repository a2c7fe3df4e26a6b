"""IDFModel: each number times the inverse document frequency of its term.

Spark's `ml/feature/IDF.scala`, 4.3. minDocFreq went into the frequencies when the model was fitted. A sparse vector
stays sparse, with its explicit zeros. Equal to Spark to the last bit. Spark lets some vectors of another size than the
model's pass; here they are refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..columns import Array, Column, SparseRows, sequence, sparse_rows, vectors
from ..fields import Field
from ..fields import vector as vector_field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, vector_of


@register
@dataclass(frozen=True)
class IDFModel(Stage):
    """`idf`: (size,), a factor for each number."""

    saved_as = ("org.apache.spark.ml.feature.IDFModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    idf: Array

    @classmethod
    def load(cls, saved: Saved) -> IDFModel:
        (stored,) = saved.row("idf")
        return cls((saved.column("inputCol"),), (saved.output(),), np.array(saved.vector(stored, "idf"), np.float64))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector_field(len(self.idf))}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector_field(len(self.idf))}

    def apply(self, *values: Any) -> tuple[Vector]:
        idf = self._idf_of
        found = vector_of(values[0], len(idf), self.inputs[0])
        if isinstance(found, Sparse):
            scaled = [value * idf[index] for index, value in zip(found.indices, found.values, strict=True)]
            return (Sparse(found.size, found.indices, scaled),)
        return ([value * factor for value, factor in zip(found, idf, strict=True)],)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        sparse = sparse_rows(columns[0])
        if sparse is not None and sparse.size == len(self.idf):
            scaled = sparse.values * self.idf[sparse.indices]
            return (SparseRows(sparse.size, sparse.starts, sparse.indices, scaled),)
        matrix = vectors(columns[0])
        return (matrix * self.idf,) if matrix is not None and matrix.shape[1] == len(self.idf) else None

    @cached_property
    def _idf_of(self) -> Sequence[float]:
        return sequence(self.idf)
