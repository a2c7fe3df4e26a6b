"""FMClassificationModel: the raw score of class 1 is what a factorization machine predicts, its sigmoid a probability.

Spark's `ml/classification/FMClassifier.scala`, 4.3 (3.0 and later). Within 1e-9, as `factorization` says.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Array
from ..factorization import FactorizationMachine
from ..java_math import sigmoid
from ..probabilistic import ProbabilisticClassifier
from ..registry import register
from ..saved import Saved
from ..values import Vector


@register
@dataclass(frozen=True, kw_only=True)
class FMClassificationModel(ProbabilisticClassifier):
    saved_as = ("org.apache.spark.ml.classification.FMClassificationModel",)

    machine: FactorizationMachine

    @classmethod
    def load(cls, saved: Saved) -> FMClassificationModel:
        machine = FactorizationMachine.load(saved)
        made = ClassifierOutputs.load(saved, 2)
        return cls(**cls.columns(saved, made), n_features=machine.n_features, machine=machine)

    def raw(self, found: Vector) -> list[float]:
        score = self.machine.of_row(found)
        return [-score, score]

    def probability(self, raw: list[float]) -> list[float]:
        positive = sigmoid(raw[1])
        return [1.0 - positive, positive]

    def raw_of_rows(self, matrix: Array) -> Array | None:
        score = self.machine.of_rows(matrix)
        return None if score is None else np.stack([-score, score], axis=1)

    def probability_of_rows(self, raw: Array) -> Array:
        positive = 1.0 / (1.0 + np.exp(-raw[:, 1]))
        return np.stack([1.0 - positive, positive], axis=1)
