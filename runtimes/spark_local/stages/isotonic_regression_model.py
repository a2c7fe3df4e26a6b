"""IsotonicRegressionModel: on a line between the two boundaries that a number lies between; at the ends their own.

Spark's `ml/regression/IsotonicRegression.scala`, 4.3, and `mllib/regression/IsotonicRegression.scala` (2.x saves the
same). The number is the column's own or, of a vector, that at `featureIndex`. Boundaries are sought as Java's binary
search does, for which -0.0 is below 0.0 and NaN above all. A null number stays null. Equal to the last bit.
"""

from __future__ import annotations

import math
from bisect import bisect_left
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
        if not all(low < high or str(low) == "-0.0" for low, high in pairwise(boundaries)):
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
        at = len(boundaries) if math.isnan(x) else bisect_left(boundaries, _order(x), key=_order)
        if at < len(boundaries) and _order(boundaries[at]) == _order(x):
            return predictions[at]
        if at in (0, len(boundaries)):
            return predictions[min(at, len(boundaries) - 1)]
        below, above = predictions[at - 1], predictions[at]
        return below + divide((above - below) * (x - boundaries[at - 1]), boundaries[at] - boundaries[at - 1])


def _order(number: float) -> tuple[float, float]:
    return number, math.copysign(1.0, number)
