"""Boundaries that only old files have, and features without the number that is asked for."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


def model(saver: Any, boundaries: list[float], **params: Any) -> Any:
    folder = saver.stage("", "regression.IsotonicRegressionModel", params)
    predictions = [float(at) for at in range(len(boundaries))]
    saver.data(
        folder,
        {
            "boundaries": pa.array([boundaries], pa.list_(pa.float64())),
            "predictions": pa.array([predictions], pa.list_(pa.float64())),
            "isotonic": pa.array([True]),
        },
    )
    return folder


def test_among_equal_boundaries_the_one_that_a_binary_search_meets_counts(saver: Any) -> None:
    asked = [{"features": number} for number in (1.0, 1.5, 3.0)]
    answers = load(model(saver, [1.0, 1.0, 1.0, 2.0])).transform(asked)
    assert [answer["prediction"] for answer in answers] == [1.0, 2.5, 3.0]


@pytest.mark.parametrize("boundaries", [[2.0, 1.0], []])
def test_boundaries_that_are_none_are_found_at_load(saver: Any, boundaries: list[float]) -> None:
    with pytest.raises(ModelBroken, match="boundaries"):
        load(model(saver, boundaries))


@pytest.mark.parametrize("features", [[1.0], {"size": 1, "indices": [0], "values": [1.0]}, "1"])
def test_features_without_the_number_asked_for_are_refused(saver: Any, features: Any) -> None:
    with pytest.raises(InvalidInput, match="features"):
        load(model(saver, [1.0], featureIndex=1)).transform([{"features": features}])
