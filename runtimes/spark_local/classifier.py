"""From raw scores to probabilities and a predicted class: what the probabilistic classifiers have in common.

Spark's `ml/classification/ProbabilisticClassifier.scala`, 4.3. An output whose name is empty is not made, and the
prediction is then taken from what is left: the raw scores, else the probabilities. With thresholds it is the first
class with the largest p/t, a class with p = t = 0 never; without, the first class with the largest score.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .columns import Array
from .fields import Attribute, Field, vector
from .saved import Saved


@dataclass(frozen=True)
class ClassifierOutputs:
    """Which columns a classifier makes of its raw scores, `n_classes` to a row. Empty names: not made."""

    raw: str
    probability: str
    prediction: str
    n_classes: int
    thresholds: tuple[float, ...] | None

    @classmethod
    def load(cls, saved: Saved, n_classes: int) -> ClassifierOutputs:
        """From the stage's parameters. Raises Unreadable for thresholds that Spark would not take."""
        thresholds = saved.doubles("thresholds")
        if thresholds is not None:
            if len(thresholds) != n_classes:
                raise saved.unreadable(f"{len(thresholds)} thresholds for {n_classes} classes")
            if not all(t >= 0.0 for t in thresholds) or thresholds.count(0.0) > 1:
                raise saved.unreadable(f"thresholds {list(thresholds)}: none may be negative, and only one may be 0")
        return cls(
            saved.text("rawPredictionCol", "rawPrediction"),
            saved.text("probabilityCol", "probability"),
            saved.text("predictionCol", "prediction"),
            n_classes,
            thresholds,
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The columns made, in Spark's order."""
        return tuple(name for name in (self.raw, self.probability, self.prediction) if name)

    def fields(self) -> Mapping[str, Field]:
        """What is known of them: the vectors' sizes, and that the prediction is a class."""
        sized = {name: vector(self.n_classes) for name in (self.raw, self.probability) if name}
        prediction = Field("number", Attribute(self.prediction, "nominal", n_values=self.n_classes))
        return sized | ({self.prediction: prediction} if self.prediction else {})

    def of_row(self, raw: list[float], probability: list[float]) -> tuple[Any, ...]:
        """The columns' values for one row."""
        scores = raw if self.raw or not self.probability else probability
        if self.thresholds is not None:
            scores = [_scaled(p, t) for p, t in zip(probability, self.thresholds, strict=True)]
        return self.named(raw, probability, float(scores.index(max(scores))))

    def named(self, raw: Any, probability: Any, prediction: Any) -> tuple[Any, ...]:
        """Those of the three that have a name, in the order of `names`."""
        made = ((self.raw, raw), (self.probability, probability), (self.prediction, prediction))
        return tuple(value for name, value in made if name)

    def of_rows(self, raw: Array, probability: Array) -> tuple[Array, ...]:
        """The same for many rows: `raw` and `probability` of shape (n_rows, n_classes)."""
        scores = raw if self.raw or not self.probability else probability
        if self.thresholds is not None:
            scores = probability / np.array(self.thresholds)
            scores = np.where(np.isnan(scores), -np.inf, scores)
        return self.named(raw, probability, _first_largest(scores))


def _first_largest(scores: Array) -> Array:
    """(n_rows,): as a loop that asks whether each score is above the largest so far: a NaN that is first stays."""
    numbers = np.where(np.isnan(scores), -np.inf, scores)
    return np.where(np.isnan(scores[:, 0]), 0, np.argmax(numbers, axis=1)).astype(np.float64)


def _scaled(probability: float, threshold: float) -> float:
    if threshold:
        return -math.inf if math.isnan(probability) else probability / threshold
    return math.inf if probability > 0.0 else -math.inf
