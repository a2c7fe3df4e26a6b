"""Bucketizer: what is found at load, and how a bad row is told."""

from __future__ import annotations

from typing import Any

import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


def bucketizer(saver: Any, **params: Any) -> Any:
    given = {"inputCol": "x", "outputCol": "bucket", "splits": ["-Inf", 0.0, 1, "Inf"]}
    return saver.stage("", "feature.Bucketizer", {k: v for k, v in (given | params).items() if v is not None})


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"splits": [0.0, 1.0]}, "three at least, and ascend"),
        ({"splits": [0.0, 0.0, 1.0]}, "three at least, and ascend"),
        ({"splits": [0.0, "NaN", 1.0]}, "three at least, and ascend"),
        ({"splits": [-0.0, 0.0, 1.0]}, "three at least, and ascend"),
        ({"splits": [0.0, "x", 1.0]}, "splits should be a list of numbers"),
        ({"splits": None}, "three at least, and ascend"),
        ({"inputCols": ["x"], "outputCols": ["y"]}, "both inputCol and inputCols"),
        ({"inputCol": None, "inputCols": ["x"], "outputCols": []}, "1 input and 0 output columns"),
        ({"inputCol": None, "inputCols": ["x"], "outputCols": ["y"]}, "lacks the parameter splitsArray"),
        (
            {"inputCol": None, "inputCols": ["x"], "outputCols": ["y"], "splitsArray": [[0.0, 1.0, 2.0], []]},
            "has splits for 2",
        ),
        ({"handleInvalid": "drop"}, "handleInvalid is 'drop', not one of error, skip, keep"),
    ],
)
def test_wrong_parameters_are_found_at_load(saver: Any, params: Any, message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(bucketizer(saver, **params))


@pytest.mark.parametrize("more_rows", [0, 20])
def test_a_number_outside_of_the_splits_is_named_with_them(saver: Any, more_rows: int) -> None:
    model = load(bucketizer(saver, splits=[0.0, 1.0, 2.0]))
    with pytest.raises(InvalidInput, match=r"row 1: the column 'x' is 2.5, outside of the splits, .* from 0.0 to 2.0"):
        model.transform([{"x": 1}, {"x": 2.5}, *[{"x": 0}] * more_rows])
