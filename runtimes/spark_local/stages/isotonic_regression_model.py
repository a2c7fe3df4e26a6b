"""IsotonicRegressionModel: on a line between the two boundaries that a number lies between; at the ends their own.

Spark's `ml/regression/IsotonicRegression.scala`, 4.3, and `mllib/regression/IsotonicRegression.scala` (2.x saves the
same). The number is the column's own or, of a vector, that at `featureIndex`. Boundaries are sought as Java's binary
search does, for which -0.0 is below 0.0 and NaN above all. A null number stays null. Equal to the last bit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from ..errors import Rejected
from ..fields import NUMBER, Field
from ..java_math import divide
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, number, vector


@register
@dataclass(frozen=True, kw_only=True)
class IsotonicRegressionModel(Stage):
    saved_as = ("org.apache.spark.ml.regression.IsotonicRegressionModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    feature: int
    boundaries: tuple[float, ...]
    predictions: tuple[float, ...]

    @classmethod
    def load(cls, saved: Saved) -> IsotonicRegressionModel:
        boundaries, predictions = saved.row("boundaries", "predictions")
        for numbers in (boundaries, predictions):
            if not isinstance(numbers, list) or not all(type(of) is float for of in numbers):
                raise saved.unreadable("its boundaries and predictions are not lists of numbers")
        if not boundaries or len(boundaries) != len(predictions):
            raise saved.unreadable(f"{len(boundaries)} boundaries, {len(predictions)} predictions")
        if not all(low <= high for low, high in pairwise(boundaries)):
            raise saved.unreadable("its boundaries do not ascend")
        feature = saved.integer("featureIndex", 0)
        if feature < 0:
            raise saved.unreadable(f"featureIndex is {feature}")
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=(saved.column("predictionCol", "prediction"),),
            label=saved.text("labelCol", "label") or None,
            feature=feature,
            boundaries=tuple(boundaries),
            predictions=tuple(predictions),
        )

    def makes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.outputs, NUMBER)

    def apply(self, *values: Any) -> tuple[float | None]:
        value = values[0]
        if isinstance(value, list | dict | Sparse):
            return (self._predict(self._of_vector(value)),)
        found = number(value, self.inputs[0])
        return (None if found is None else self._predict(found),)

    def _of_vector(self, value: object) -> float:
        found = vector(value, self.inputs[0])
        size = found.size if isinstance(found, Sparse) else len(found or ())
        if found is None or self.feature >= size:
            raise Rejected(f"has no number at the position {self.feature}, as the model asks for", self.inputs[0])
        if isinstance(found, Sparse):
            return dict(zip(found.indices, found.values, strict=True)).get(self.feature, 0.0)
        return found[self.feature]

    def _predict(self, x: float) -> float:
        boundaries, predictions = self.boundaries, self.predictions
        key, low, high = _order(x), 0, len(boundaries) - 1
        while low <= high:  # not bisect, which among equal boundaries finds another one
            middle = (low + high) // 2
            if (found := _order(boundaries[middle])) == key:
                return predictions[middle]
            if found < key:
                low = middle + 1
            else:
                high = middle - 1
        if low in (0, len(boundaries)):
            return predictions[min(low, len(boundaries) - 1)]
        below, above = predictions[low - 1], predictions[low]
        return below + divide((above - below) * (x - boundaries[low - 1]), boundaries[low] - boundaries[low - 1])


def _order(number: float) -> tuple[bool, float, float]:
    """By which doubles are sorted as Java compares them."""
    is_nan = math.isnan(number)
    return is_nan, 0.0 if is_nan else number, 1.0 if is_nan else math.copysign(1.0, number)
