"""OneHotEncoder of Spark 2: a 1 at the place of an index, in a vector as long as the column has labels.

Spark's `ml/feature/OneHotEncoder.scala`, 2.0 to 2.4 (an estimator since 3.0). It knows no sizes of its own: those come
from the stage before it. Without them Spark takes the largest index of all rows, which one request does not know. An
index past the labels leaves the vector without a 1, and so does a NaN; a null stays null. One below 0 is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..columns import Column, numbers
from ..errors import Rejected, Unreadable
from ..fields import ANY, NUMBER, Field, vector
from ..one_hot import categories, indicators, one_hot, one_hot_rows
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, number


@register
@dataclass(frozen=True)
class OneHotEncoder(Stage):
    """`names`: what the vector's numbers are called, once bound."""

    saved_as = ("org.apache.spark.ml.feature.OneHotEncoder",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    drop_last: bool
    names: tuple[str, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> OneHotEncoder:
        if saved.spark_version >= (3, 0):
            raise saved.unreadable("an OneHotEncoder of Spark 3 and later is not fitted yet: save its model")
        return cls((saved.column("inputCol"),), (saved.output(),), saved.flag("dropLast", True))

    def bind(self, known: Mapping[str, Field]) -> OneHotEncoder:
        names = categories(self.inputs[0], known.get(self.inputs[0], ANY))
        if names is None:
            raise Unreadable(f"OneHotEncoder is not told by a stage before it how many values {self.inputs[0]!r} has")
        if self.drop_last and len(names) < 2:
            raise Unreadable(f"OneHotEncoder drops the last of {len(names)} values of {self.inputs[0]!r}")
        return replace(self, names=names[:-1] if self.drop_last else names)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: NUMBER}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(members=indicators(self.names))}

    def apply(self, *values: Any) -> tuple[Sparse | None]:
        index = number(values[0], self.inputs[0])
        if index is not None and index <= -1.0:
            raise Rejected(f"is {index:g}, which is no index", self.inputs[0])
        return (None if index is None else one_hot(index, len(self.names)),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        indices = numbers(columns[0])
        if indices is None or not (indices >= 0.0).all():
            return None
        return (one_hot_rows(indices, len(self.names)),)
