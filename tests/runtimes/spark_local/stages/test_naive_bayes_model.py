"""The files of Spark 2.x, and features that a type does not take."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


def model(saver: Any, sparse: bool = False, **params: Any) -> Any:
    """Two classes, two features, saved without `sigma`."""
    folder = saver.stage("", "classification.NaiveBayesModel", params)
    theta = {"type": 1, "numRows": 2, "numCols": 2, "values": [-1.0, -2.0, -3.0, -4.0], "isTransposed": True}
    saver.data(
        folder,
        {
            "pi": pa.array([{"type": 1, "values": [-0.5, -1.5]}], saver.vector_type),
            "theta": pa.array([theta], saver.matrix_type),
        },
    )
    return folder


def test_a_file_of_spark_2_has_no_variances(saver: Any) -> None:
    (answer,) = load(model(saver)).transform([{"features": [1.0, 2.0]}])
    assert answer["rawPrediction"] == [-5.5, -12.5]
    assert answer["prediction"] == 0.0


def test_gaussian_needs_variances(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="no column 'sigma'"):
        load(model(saver, modelType="gaussian"))


@pytest.mark.parametrize(
    ("model_type", "number", "message"),
    [
        ("multinomial", -1.0, "holds -1.0, but multinomial naive Bayes takes numbers that are 0 or above"),
        ("complement", float("nan"), "holds nan, but complement"),
        ("bernoulli", 2.0, "holds 2.0, but bernoulli naive Bayes takes numbers that are 0 or 1"),
    ],
)
@pytest.mark.parametrize("rows", [1, 30])
def test_a_number_that_the_type_does_not_take_is_named(
    saver: Any, model_type: str, number: float, message: str, rows: int
) -> None:
    asked = [{"features": [1.0, 0.0]}] * (rows - 1) + [{"features": [0.0, number]}]
    with pytest.raises(InvalidInput, match=message) as caught:
        load(model(saver, modelType=model_type)).transform(asked)
    assert caught.value.row == rows - 1
