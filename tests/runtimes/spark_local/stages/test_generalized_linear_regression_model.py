"""Families and links that Spark has not, or does not join."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"family": "cauchy"}, "family is 'cauchy', not one of gaussian"),
        ({"family": "poisson", "link": "logit"}, "the link of the family poisson is 'logit', not one of log"),
        ({"family": "tweedie", "variancePower": 0.5}, "variancePower is 0.5"),
        ({"family": "tweedie", "linkPower": "x"}, "linkPower is 'x', not a number"),
    ],
)
def test_a_family_that_could_not_be_served_is_found_at_load(saver: Any, params: Any, message: str) -> None:
    folder = saver.stage("", "regression.GeneralizedLinearRegressionModel", params)
    coefficients = pa.array([{"type": 1, "values": [1.0]}], saver.vector_type)
    saver.data(folder, {"intercept": pa.array([0.0]), "coefficients": coefficients})
    with pytest.raises(ModelBroken, match=message):
        load(folder)
