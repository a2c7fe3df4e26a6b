"""IndexToString: the label that an index stands for, the index cut to a whole number first.

Spark's `ml/feature/StringIndexer.scala`, 4.3. Labels are the stage's own or, if it has none, those that the column's
attributes tell: they have to come from a stage before it, for a row brings none. A NaN and a null are refused as in
Spark 4; Spark 3 took the one for 0 and left the other.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..columns import Column, numbers
from ..errors import Rejected, Unreadable
from ..fields import ANY, NUMBER, STRING, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import number


@register
@dataclass(frozen=True)
class IndexToString(Stage):
    """`labels` is empty until bound where they are the column's."""

    saved_as = ("org.apache.spark.ml.feature.IndexToString",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    labels: tuple[str, ...]

    @classmethod
    def load(cls, saved: Saved) -> IndexToString:
        return cls((saved.column("inputCol"),), (saved.output(),), saved.texts("labels", ()))

    def bind(self, known: Mapping[str, Field]) -> IndexToString:
        if self.labels:
            return self
        labels = known.get(self.inputs[0], ANY).labels
        if labels is None:
            raise Unreadable(f"IndexToString has no labels, and no stage before it tells those of {self.inputs[0]!r}")
        return replace(self, labels=labels)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: NUMBER}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: STRING}

    def apply(self, *values: Any) -> tuple[str]:
        index = number(values[0], self.inputs[0])
        if index is None:
            raise Rejected("is null, which this stage does not take", self.inputs[0])
        if not -1.0 < index < len(self.labels):
            raise Rejected(f"is {index:g}, which is no index of {len(self.labels)} labels", self.inputs[0])
        return (self.labels[math.trunc(index)],)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        indices = numbers(columns[0])
        if indices is None or not ((indices > -1.0) & (indices < len(self.labels))).all():
            return None
        labels = self.labels
        return ([labels[index] for index in indices.astype(np.int64).tolist()],)
