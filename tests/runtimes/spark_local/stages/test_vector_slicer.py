"""VectorSlicer: names hold only for vectors of as many numbers as there are names."""

from __future__ import annotations

from typing import Any

import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


def slicer(saver: Any, **params: Any) -> Any:
    return saver.pipeline(
        lambda name: saver.assembler(name),
        lambda name: saver.stage(name, "feature.VectorSlicer", {"inputCol": "features", "outputCol": "some"} | params),
    )


@pytest.mark.parametrize("more_rows", [0, 20])
def test_a_vector_where_a_number_was_taken_for_granted_is_refused(saver: Any, more_rows: int) -> None:
    model = load(slicer(saver, names=["y"]))
    row: dict[str, object] = {"x": 1, "y": 2}
    assert model.transform([row] * (1 + more_rows))[0]["some"] == [2.0]
    with pytest.raises(InvalidInput, match=r"row 1: .* should be a vector of 2 numbers, not of 3"):
        model.transform([row, {"x": [1, 5], "y": 2}, *[row] * more_rows])


def test_an_index_does_not_need_names(saver: Any) -> None:
    assert load(slicer(saver, indices=[2])).transform([{"x": [1, 5], "y": 2}])[0]["some"] == [2.0]


def test_a_sparse_vector_that_ends_before_an_index_is_refused(saver: Any) -> None:
    model = load(saver.stage("", "feature.VectorSlicer", {"inputCol": "v", "outputCol": "some", "indices": [4]}))
    with pytest.raises(InvalidInput, match="the column 'v' should be a vector of 5 numbers at least, not of 3"):
        model.transform([{"v": {"size": 3, "indices": [0], "values": [1.0]}}])


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({}, "neither an index nor a name"),
        ({"indices": [-1]}, "an index is below 0"),
        ({"indices": [1, 1]}, "stands there twice"),
        ({"names": ["x", "x"]}, "stands there twice"),
        ({"names": ["z"]}, "takes the feature 'z', which no stage before it makes"),
        ({"indices": [0], "names": ["x"]}, "both by index and by name"),
    ],
)
def test_wrong_parameters_are_found_at_load(saver: Any, params: Any, message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(slicer(saver, **params))
