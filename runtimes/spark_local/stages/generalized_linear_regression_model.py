"""GeneralizedLinearRegressionModel: a linear predictor through the inverse of the link, held within the family's range.

Spark's `ml/regression/GeneralizedLinearRegression.scala`, 4.3 (2.x saves the same). Tweedie is gaussian, poisson or
gamma where its variance power is 0, 1 or 2, and its link is a power. A row's offset, in `offsetCol`, is added to the
predictor; one that is null makes both outputs null. Within 1e-9 relative; the probit link's probabilities, of which the
JVM computes fifteen places, within 1e-9 or 1e-14 absolute.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..columns import Column, doubles
from ..fields import NUMBER, Field, vector
from ..java_math import divide, exp, power, sigmoid
from ..linear import Linear
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import number, vector_of

_LEAST = 1e-16
"""The nearest that a mean comes to the end of its family's range."""
_LARGEST = sys.float_info.max

_INVERSES: Mapping[str, Callable[[float], float]] = {
    "identity": lambda eta: eta,
    "log": exp,
    "inverse": lambda eta: divide(1.0, eta),
    "logit": sigmoid,
    "probit": lambda eta: 0.5 * (1.0 + math.erf(eta / math.sqrt(2.0))),
    "cloglog": lambda eta: 1.0 - exp(-exp(eta)),
    "sqrt": lambda eta: eta * eta,
}
_NAMED_POWERS = {0.0: "log", 1.0: "identity", -1.0: "inverse", 0.5: "sqrt"}
_FAMILIES = {
    "gaussian": ("identity", ("identity", "log", "inverse")),
    "binomial": ("logit", ("logit", "probit", "cloglog")),
    "poisson": ("log", ("log", "identity", "sqrt")),
    "gamma": ("inverse", ("inverse", "identity", "log")),
}
"""Each family's own link, and those that go with it."""


@register
@dataclass(frozen=True, kw_only=True)
class GeneralizedLinearRegressionModel(Stage):
    """`inverse`: of the link; `project`: into the family's range; `offset`: whether rows bring one."""

    saved_as = ("org.apache.spark.ml.regression.GeneralizedLinearRegressionModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    link_prediction: str
    prediction: str
    linear: Linear
    inverse: Callable[[float], float]
    project: Callable[[float], float]

    @classmethod
    def load(cls, saved: Saved) -> GeneralizedLinearRegressionModel:
        family, inverse = _family_and_inverse(saved)
        coefficients, intercept = saved.row("coefficients", "intercept")
        link_prediction, prediction = saved.text("linkPredictionCol", ""), saved.text("predictionCol", "prediction")
        offset = saved.text("offsetCol", "")
        return cls(
            inputs=(saved.column("featuresCol", "features"), *((offset,) if offset else ())),
            outputs=tuple(name for name in (link_prediction, prediction) if name),
            label=saved.text("labelCol", "label") or None,
            link_prediction=link_prediction,
            prediction=prediction,
            linear=Linear.load(saved, coefficients, intercept),
            inverse=inverse,
            project=_PROJECTIONS.get(family, _above_zero),
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.linear.n_features)} | dict.fromkeys(self.inputs[1:], NUMBER)

    def makes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.outputs, NUMBER)

    def apply(self, *values: Any) -> tuple[Any, ...]:
        features, *offsets = values
        offset = number(offsets[0], self.inputs[1]) if offsets else 0.0
        if offset is None:
            return (None,) * len(self.outputs)
        eta = self.linear.of_row(vector_of(features, self.linear.n_features, self.inputs[0])) + offset
        return self._named(self.project(self.inverse(eta)), eta)

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        features, *offsets = columns
        offset = doubles(offsets[0]) if offsets else 0.0
        eta = self.linear.of_rows(features)
        if eta is None or offset is None:
            return None
        eta = eta + offset
        return self._named(np.array([self.project(self.inverse(value)) for value in eta.tolist()]), eta)

    def _named(self, prediction: Any, eta: Any) -> tuple[Any, ...]:
        made = {self.link_prediction: eta, self.prediction: prediction}
        return tuple(made[name] for name in self.outputs)


def _family_and_inverse(saved: Saved) -> tuple[str, Callable[[float], float]]:
    family = saved.text("family", "gaussian").lower()
    if family == "tweedie":
        variance_power = saved.double("variancePower", 0.0)
        if not (variance_power == 0.0 or 1.0 <= variance_power < math.inf):
            raise saved.unreadable(f"variancePower is {variance_power}")
        link_power = saved.double("linkPower") if saved.has("linkPower") else 1.0 - variance_power
        family = {0.0: "gaussian", 1.0: "poisson", 2.0: "gamma"}.get(variance_power, family)
        if link := _NAMED_POWERS.get(link_power):
            return family, _INVERSES[link]
        return family, lambda eta: power(eta, 1.0 / link_power)
    if family not in _FAMILIES:
        raise saved.unreadable(f"family is {family!r}, not one of {', '.join((*_FAMILIES, 'tweedie'))}")
    own, fitting = _FAMILIES[family]
    link = saved.text("link", own).lower()
    if link not in fitting:
        raise saved.unreadable(f"the link of the family {family} is {link!r}, not one of {', '.join(fitting)}")
    return family, _INVERSES[link]


def _above_zero(mu: float) -> float:
    return _LEAST if mu < _LEAST else _LARGEST if mu == math.inf else mu


def _below_one(mu: float) -> float:
    return _LEAST if mu < _LEAST else 1.0 - _LEAST if mu > 1.0 - _LEAST else mu


def _finite(mu: float) -> float:
    return math.copysign(_LARGEST, mu) if math.isinf(mu) else mu


_PROJECTIONS = {"gaussian": _finite, "binomial": _below_one}
