"""MultilayerPerceptronClassificationModel: layers of sigmoids, and a softmax of what the last one gives.

Spark's `ml/classification/MultilayerPerceptronClassifier.scala`, 4.3, and `ml/ann/Layer.scala`. The weights stand layer
by layer, a matrix column by column and then its biases; 2.x keeps `layers` beside them. The raw scores are what goes
into the softmax, of which an infinite one makes all NaN. Within 1e-9 relative to the largest term of a sum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from operator import mul
from typing import Any

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Array
from ..java_math import sigmoid
from ..probabilistic import ProbabilisticClassifier
from ..registry import register
from ..saved import Saved
from ..softmax import softmax, softmax_of_rows
from ..values import Sparse, Vector


@register
@dataclass(frozen=True, kw_only=True)
class MultilayerPerceptronClassificationModel(ProbabilisticClassifier):
    """`layers`: the weights (n_out, n_in) and biases (n_out,) of each."""

    saved_as = ("org.apache.spark.ml.classification.MultilayerPerceptronClassificationModel",)

    layers: tuple[tuple[Array, Array], ...]
    rows: tuple[tuple[tuple[list[float], float], ...], ...]

    @property
    def _tells_scores(self) -> bool:
        """Whether there are scores among its columns; if not, Spark chooses the prediction by the probabilities."""
        return bool(self.made.raw or self.made.probability)

    @classmethod
    def load(cls, saved: Saved) -> MultilayerPerceptronClassificationModel:
        if "layers" in saved.table().fields:
            stored, weights = saved.row("layers", "weights")
            sizes = tuple(stored) if isinstance(stored, list) else ()
        else:
            sizes, (weights,) = saved.integers("layers"), saved.row("weights")
        if len(sizes) < 2 or not all(type(size) is int and size > 0 for size in sizes):
            raise saved.unreadable(f"layers is {list(sizes)}")
        layers = _layers(saved, sizes, weights)
        made = ClassifierOutputs.load(saved, sizes[-1])
        if not made.raw and not made.probability:
            made = replace(made, thresholds=None)
        rows = tuple(tuple(zip(matrix.tolist(), bias.tolist(), strict=True)) for matrix, bias in layers)
        return cls(**cls.columns(saved, made), n_features=sizes[0], layers=layers, rows=rows)

    def raw(self, found: Vector) -> list[float]:
        x = found.dense() if isinstance(found, Sparse) else found
        for position, layer in enumerate(self.rows):
            if position:
                x = [sigmoid(value) for value in x]
            x = [sum(map(mul, weights, x)) + bias for weights, bias in layer]
        return x if self._tells_scores else self.probability(x)

    def probability(self, raw: list[float]) -> list[float]:
        return [math.nan] * len(raw) if math.inf in raw else softmax(raw)

    def raw_of_rows(self, matrix: Array) -> Array | None:
        for position, (weights, bias) in enumerate(self.layers):
            if position:
                matrix = 1.0 / (1.0 + np.exp(-matrix))
            matrix = matrix @ weights.T + bias
        return matrix if self._tells_scores else self.probability_of_rows(matrix)

    def probability_of_rows(self, raw: Array) -> Array:
        return np.where((raw == np.inf).any(axis=1, keepdims=True), np.nan, softmax_of_rows(raw))


def _layers(saved: Saved, sizes: tuple[int, ...], stored: Any) -> tuple[tuple[Array, Array], ...]:
    numbers = np.array(saved.vector(stored, "weights"))
    asked = sum((n_in + 1) * n_out for n_in, n_out in pairwise(sizes))
    if len(numbers) != asked:
        raise saved.unreadable(f"{len(numbers)} weights for layers of {list(sizes)}, which have {asked}")
    layers = []
    for n_in, n_out in pairwise(sizes):
        weights, bias, numbers = np.split(numbers, [n_in * n_out, (n_in + 1) * n_out])
        layers.append((np.ascontiguousarray(weights.reshape(n_in, n_out).T), bias))
    return tuple(layers)
