"""GaussianMixtureModel: how probable each Gaussian of a mixture is to have made a vector, and the most probable one.

Spark's `ml/clustering/GaussianMixture.scala`, 4.3, over `ml/stat/distribution/MultivariateGaussian.scala`: a singular
covariance is inverted on the axes along which it has width. Where the last bits decide which these are, the model is
refused. Probabilities are within 1e-9.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..columns import Array, Column, vectors
from ..fields import Attribute, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, vector_of

_EPSILON = 2.0**-52
_UNSURE = 16.0
"""Eigenvalues within this factor of the least that counts may fall on either side of it, from solver to solver."""


@dataclass(frozen=True)
class Gaussian:
    """`root`: (n_features, n_features), of the inverse covariance; `center`: `root` times the mean."""

    root: Array
    center: Array
    log_height: float

    def log_density(self, rows: Array) -> Array:
        """(n_rows,): of each of `rows`, (n_rows, n_features)."""
        off = self.center - rows @ self.root.T
        height: Array = self.log_height - 0.5 * (off * off).sum(axis=1)
        return height


@register
@dataclass(frozen=True)
class GaussianMixtureModel(Stage):
    """`probability` and `prediction`: the columns' names; empty: not made."""

    saved_as = ("org.apache.spark.ml.clustering.GaussianMixtureModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    probability: str
    prediction: str
    size: int
    weights: tuple[float, ...]
    gaussians: tuple[Gaussian, ...]

    @classmethod
    def load(cls, saved: Saved) -> GaussianMixtureModel:
        weights, means, covariances = saved.row("weights", "mus", "sigmas")
        if not all(isinstance(stored, list) for stored in (weights, means, covariances)) or not weights:
            raise saved.unreadable("its data are not lists of weights, means and covariances")
        if not len(weights) == len(means) == len(covariances) or not all(type(weight) is float for weight in weights):
            raise saved.unreadable(f"{len(weights)} weights, {len(means)} means and {len(covariances)} covariances")
        gaussians = tuple(_gaussian(saved, *stored) for stored in zip(means, covariances, strict=True))
        if len({len(gaussian.center) for gaussian in gaussians}) != 1:
            raise saved.unreadable("its means are not of one size")
        probability = saved.text("probabilityCol", "probability")
        prediction = saved.text("predictionCol", "prediction")
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=tuple(name for name in (probability, prediction) if name),
            probability=probability,
            prediction=prediction,
            size=len(gaussians[0].center),
            weights=tuple(weights),
            gaussians=gaussians,
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.size)}

    def makes(self) -> Mapping[str, Field]:
        attribute = Attribute(self.prediction, "nominal", n_values=len(self.weights))
        fields = {self.probability: vector(len(self.weights)), self.prediction: Field("number", attribute)}
        return {name: field for name, field in fields.items() if name}

    def apply(self, *values: Any) -> tuple[Any, ...]:
        found = vector_of(values[0], self.size, self.inputs[0])
        row = np.array([found.dense() if isinstance(found, Sparse) else found])
        with np.errstate(all="ignore"):
            probability, prediction = self._of_rows(row)
        made = ((self.probability, probability.tolist()[0]), (self.prediction, prediction[0]))
        return tuple(value for name, value in made if name)

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != self.size:
            return None
        probability, prediction = self._of_rows(matrix)
        made: tuple[tuple[str, Column], ...] = ((self.probability, probability), (self.prediction, prediction))
        return tuple(column for name, column in made if name)

    def _of_rows(self, rows: Array) -> tuple[Array, list[int]]:
        densities = np.exp(np.stack([gaussian.log_density(rows) for gaussian in self.gaussians], axis=1))
        weighted = _EPSILON + self._weights * densities
        probability = weighted / weighted.sum(axis=1, keepdims=True)
        prediction: list[int] = np.argmax(probability, axis=1).tolist()
        return probability, prediction

    @cached_property
    def _weights(self) -> Array:
        return np.array(self.weights)


def _gaussian(saved: Saved, stored_mean: object, stored_covariance: object) -> Gaussian:
    mean = np.array(saved.vector(stored_mean, "mus"))
    covariance = saved.matrix(stored_covariance, "sigmas")
    if covariance.shape != (len(mean), len(mean)) or not len(mean) or not np.isfinite(covariance).all():
        raise saved.unreadable(f"a mean of {len(mean)} numbers with a covariance of shape {covariance.shape}")
    widths, axes = np.linalg.eigh(covariance)
    least = _EPSILON * widths.max() * len(mean)
    unsure = (widths > least / _UNSURE) & (widths < least * _UNSURE)
    if unsure.any():
        raise saved.unreadable(
            "a covariance is singular but for the last bits, so that Spark's own result is by chance"
        )
    wide = widths > least
    root = np.where(wide, np.sqrt(1.0 / np.where(wide, widths, 1.0)), 0.0)[:, None] * axes.T
    log_height = -0.5 * (len(mean) * math.log(2.0 * math.pi) + np.log(widths[wide]).sum())
    return Gaussian(root, root @ mean, float(log_height))
