"""NaiveBayesModel: multinomial, bernoulli, gaussian or complement; probabilities are the softmax of the raw scores.

Spark's `ml/classification/NaiveBayes.scala`, 4.3 (2.x has no `sigma`, and only the first two). Features may not be
negative or NaN for multinomial and complement, and have to be 0 or 1 for bernoulli. Scores within 1e-9 relative.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import mul

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Array
from ..errors import Rejected
from ..java_math import divide, exp, log, log1p
from ..probabilistic import ProbabilisticClassifier
from ..registry import register
from ..saved import Saved
from ..softmax import softmax, softmax_of_rows
from ..values import Sparse, Vector


@register
@dataclass(frozen=True, kw_only=True)
class NaiveBayesModel(ProbabilisticClassifier):
    """Of each class: `offset`, what its score begins with; `theta`, `sigma`: a number for each feature."""

    saved_as = ("org.apache.spark.ml.classification.NaiveBayesModel",)

    model_type: str
    offset: tuple[float, ...]
    theta: tuple[tuple[float, ...], ...]
    sigma: tuple[tuple[float, ...], ...]

    @classmethod
    def load(cls, saved: Saved) -> NaiveBayesModel:
        model_type = saved.choice("modelType", ("multinomial", "bernoulli", "gaussian", "complement"), "multinomial")
        stored_pi, stored_theta = saved.row("pi", "theta")
        pi, theta = saved.vector(stored_pi, "pi"), saved.matrix(stored_theta, "theta")
        sigma: list[list[float]] = []
        if model_type == "gaussian":
            variances = saved.matrix(saved.row("sigma")[0], "sigma")
            if variances.shape != theta.shape:
                raise saved.unreadable(f"sigma is of the shape {variances.shape}, theta of {theta.shape}")
            sigma = variances.tolist()
        if len(pi) != len(theta) or not theta.size:
            raise saved.unreadable(f"{len(pi)} classes, but theta is of the shape {theta.shape}")
        made = ClassifierOutputs.load(saved, len(pi))
        offset, rows = _precomputed(model_type, pi, theta.tolist(), sigma)
        return cls(
            **cls.columns(saved, made),
            n_features=theta.shape[1],
            model_type=model_type,
            offset=tuple(offset),
            theta=tuple(map(tuple, rows)),
            sigma=tuple(map(tuple, sigma)),
        )

    def raw(self, found: Vector) -> list[float]:
        self._check(found)
        if self.model_type == "gaussian":
            x = found.dense() if isinstance(found, Sparse) else found
            return [
                of_class
                - sum((v - m) * (v - m) / s if s else divide((v - m) * (v - m), s) for v, m, s in of_features) / 2.0
                for of_class, of_features in (
                    (start, zip(x, means, variances, strict=True))
                    for start, means, variances in zip(self.offset, self.theta, self.sigma, strict=True)
                )
            ]
        if isinstance(found, Sparse):
            indices, numbers = found.indices, found.values
            products = [sum(theta[i] * v for i, v in zip(indices, numbers, strict=True)) for theta in self.theta]
        else:
            products = [sum(map(mul, theta, found)) for theta in self.theta]
        scores = [start + product for start, product in zip(self.offset, products, strict=True)]
        return _normalized(scores) if self.model_type == "complement" else scores

    def _check(self, found: Vector) -> None:
        numbers = found.values if isinstance(found, Sparse) else found
        if self.model_type == "bernoulli":
            wrong = [number for number in numbers if number not in (0.0, 1.0)]
        elif self.model_type != "gaussian":
            wrong = [number for number in numbers if not number >= 0.0]
        else:
            return
        if wrong:
            asked = "0 or 1" if self.model_type == "bernoulli" else "0 or above"
            raise Rejected(
                f"holds {wrong[0]}, but {self.model_type} naive Bayes takes numbers that are {asked}", self.inputs[0]
            )

    def probability(self, raw: list[float]) -> list[float]:
        return softmax(raw)

    def raw_of_rows(self, matrix: Array) -> Array | None:
        if self.model_type == "gaussian":
            theta, sigma = np.array(self.theta), np.array(self.sigma)
            squares = [
                ((matrix - mean) ** 2 / variance).sum(axis=1) for mean, variance in zip(theta, sigma, strict=True)
            ]
            return np.array(self.offset) - np.stack(squares, axis=1) / 2.0
        fine = np.isin(matrix, (0.0, 1.0)) if self.model_type == "bernoulli" else matrix >= 0.0
        if not fine.all():
            return None
        scores: Array = matrix @ np.array(self.theta).T + np.array(self.offset)
        if self.model_type == "complement":
            most = scores.max(axis=1, keepdims=True)
            scores = scores - (np.log(np.exp(scores - most).sum(axis=1, keepdims=True)) + most)
        return scores

    def probability_of_rows(self, raw: Array) -> Array:
        return softmax_of_rows(raw)


def _precomputed(
    model_type: str, pi: list[float], theta: list[list[float]], sigma: list[list[float]]
) -> tuple[list[float], list[list[float]]]:
    """What a class's score begins with, and what its features are multiplied by, or for gaussian their means."""
    if model_type == "bernoulli":
        absent = [[log1p(-exp(value)) for value in row] for row in theta]
        present = [[a - b for a, b in zip(row, others, strict=True)] for row, others in zip(theta, absent, strict=True)]
        return [start + sum(row) for start, row in zip(pi, absent, strict=True)], present
    if model_type == "gaussian":
        return [start - sum(map(log, row)) / 2.0 for start, row in zip(pi, sigma, strict=True)], theta
    return ([0.0] * len(pi) if model_type == "complement" else pi), theta


def _normalized(scores: list[float]) -> list[float]:
    """Less the logarithm of the sum of their exponentials."""
    most = math.nan if any(map(math.isnan, scores)) else max(scores)
    total = log(sum(exp(score - most) for score in scores)) + most
    return [score - total for score in scores]
