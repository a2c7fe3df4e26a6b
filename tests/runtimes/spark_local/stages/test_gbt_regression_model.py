"""Weights in treesMetadata, whose columns were renamed in Spark 4.1."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load


def model(saver: Any, described: dict[str, list[Any]]) -> Any:
    folder = saver.stage("", "regression.GBTRegressionModel", {}, numFeatures=1, numTrees=2)
    leaves = [saver.leaf(0, [1.0, 0.0, 0.0]) | {"prediction": prediction} for prediction in (10.0, 1.0)]
    saver.data(folder, {"treeID": pa.array([0, 1], pa.int32()), "nodeData": pa.array(leaves, saver.node_type)})
    saver.data(folder, {name: pa.array(values) for name, values in described.items()}, "treesMetadata")
    return folder


@pytest.mark.parametrize("names", [("treeID", "metadata", "weights"), ("_1", "_2", "_3")])
def test_weights_are_read_by_their_place_and_belong_to_the_tree_named_beside(saver: Any, names: Any) -> None:
    described = dict(zip(names, ([1, 0], ["{}", "{}"], [0.25, 1.0]), strict=True))
    assert load(model(saver, described)).transform([{"features": [0.0]}])[0]["prediction"] == 10.25


@pytest.mark.parametrize(
    ("described", "message"),
    [
        ({"a": [0, 0], "b": ["", ""], "c": [1.0, 1.0]}, "does not describe 2 trees"),
        ({"a": [0, 1], "c": [1.0, 1.0]}, "has the columns a, c"),
        ({"a": [0, 1], "b": ["", ""], "c": ["x", "y"]}, "does not hold numbers"),
    ],
)
def test_weights_that_are_none_are_found_at_load(saver: Any, described: Any, message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(model(saver, described))
