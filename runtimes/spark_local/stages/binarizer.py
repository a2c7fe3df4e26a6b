"""Binarizer: 1.0 where a number, or a number of a vector, is larger than a threshold, else 0.0.

Spark's `ml/feature/Binarizer.scala`, 4.3 (several columns: since 3.0). A NaN or a null is no larger than anything; but
in a vector, with a threshold below 0, a NaN becomes 1.0. Vectors come out in their smaller form. Spark takes doubles
only; here a whole number is taken for one, since JSON may write it so. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..columns import Column, compressed_rows, numbers, vectors
from ..errors import Rejected, Unreadable
from ..fields import ANY, Attribute, Field
from ..fields import vector as vector_field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, compressed, number, vector_of, written_out


@register
@dataclass(frozen=True)
class Binarizer(Stage):
    """`thresholds`: one for each column. `fields`: what is known of the columns once it is bound."""

    saved_as = ("org.apache.spark.ml.feature.Binarizer",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    thresholds: tuple[float, ...]
    fields: tuple[Field, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> Binarizer:
        inputs, outputs = saved.columns()
        thresholds = saved.doubles("thresholds")
        if thresholds is None:
            thresholds = (saved.double("threshold", 0.0),) * len(inputs)
        elif not saved.is_set("inputCols") or saved.is_set("threshold") or len(thresholds) != len(inputs):
            raise saved.unreadable("thresholds is for inputCols, one for each of them, and without threshold")
        return cls(inputs, outputs, thresholds)

    def bind(self, known: Mapping[str, Field]) -> Binarizer:
        fields = tuple(known.get(name, ANY) for name in self.inputs)
        for name, field in zip(self.inputs, fields, strict=True):
            if field.type not in ("any", "number", "vector"):
                raise Unreadable(f"Binarizer takes {name!r} as number or vector, but it is {field.type}")
        return replace(self, fields=fields)

    def makes(self) -> Mapping[str, Field]:
        return {made: _made(made, field) for made, field in zip(self.outputs, self.fields, strict=True)}

    def apply(self, *values: Any) -> tuple[Vector | float, ...]:
        return tuple(map(self._binary, values, self.thresholds, self.inputs, self.fields))

    def _binary(self, value: object, threshold: float, column: str, field: Field) -> Vector | float:
        if isinstance(value, list | dict | Sparse) or field.type == "vector":
            return _binary_vector(vector_of(value, field.size, column), threshold, column)
        found = number(value, column)
        return 1.0 if found is not None and found > threshold else 0.0

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        made: list[Column] = []
        for column, threshold in zip(columns, self.thresholds, strict=True):
            if (found := numbers(column)) is not None:
                made.append((found > threshold).astype(np.float64))
            elif (matrix := vectors(column)) is not None and threshold == threshold:
                larger = matrix > threshold if threshold >= 0.0 else ~(matrix <= threshold)
                made.append(compressed_rows(larger.astype(np.float64)))
            else:
                return None
        return tuple(made)


def _binary_vector(found: Vector, threshold: float, column: str) -> Vector:
    if threshold != threshold:
        raise Rejected("is a vector, for which a threshold of NaN is none", column)
    if threshold < 0.0:
        return compressed([0.0 if v <= threshold else 1.0 for v in written_out(found, column)])
    if not isinstance(found, Sparse):
        return compressed([1.0 if v > threshold else 0.0 for v in found])
    indices = [index for index, v in zip(found.indices, found.values, strict=True) if v > threshold]
    return compressed(Sparse(found.size, indices, [1.0] * len(indices)))


def _made(name: str, field: Field) -> Field:
    if field.type == "vector":
        return vector_field(field.size)
    return Field("number", Attribute(name, "binary")) if field.type == "number" else ANY
