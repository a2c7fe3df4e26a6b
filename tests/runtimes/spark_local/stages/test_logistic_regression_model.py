"""LogisticRegressionModel without a JVM: the format of Spark 2.0, sparse coefficients column by column, damage."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load

INF = float("inf")
VECTOR = pa.struct(
    [("type", pa.int8()), ("size", pa.int32()), ("indices", pa.list_(pa.int32())), ("values", pa.list_(pa.float64()))]
)
MATRIX = pa.struct(
    [
        ("type", pa.int8()),
        ("numRows", pa.int32()),
        ("numCols", pa.int32()),
        ("colPtrs", pa.list_(pa.int32())),
        ("rowIndices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
        ("isTransposed", pa.bool_()),
    ]
)


def dense(values: list[float]) -> Any:
    return {"type": 1, "values": values}


@pytest.fixture
def saved(saver: Any) -> Any:
    """Writes a model of two classes and two features; `matrix` and `columns` change what is stored."""

    def make(matrix: dict[str, Any] | None = None, params: dict[str, Any] | None = None, **columns: Any) -> Any:
        folder = saver.stage("", "classification.LogisticRegressionModel", params or {})
        stored = {"type": 1, "numRows": 1, "numCols": 2, "values": [1.0, -2.0], "isTransposed": True} | (matrix or {})
        given = {
            "numClasses": pa.array([2], pa.int32()),
            "numFeatures": pa.array([2], pa.int32()),
            "interceptVector": pa.array([dense([0.5])], VECTOR),
            "coefficientMatrix": pa.array([stored], MATRIX),
            "isMultinomial": pa.array([False]),
        }
        saver.data(folder, given | columns)
        return folder

    return make


def test_a_model_of_spark_2_0_is_read(saver: Any) -> None:
    folder = saver.stage("", "classification.LogisticRegressionModel", {}, sparkVersion="2.0.2")
    numbers = {"numClasses": pa.array([2], pa.int32()), "numFeatures": pa.array([2], pa.int32())}
    fitted = {"intercept": pa.array([0.5]), "coefficients": pa.array([dense([1.0, -2.0])], VECTOR)}
    saver.data(folder, numbers | fitted)
    (answer,) = load(folder).transform([{"features": [2.0, 1.0]}])
    assert answer["rawPrediction"] == [-0.5, 0.5]
    assert answer["prediction"] == 1.0


@pytest.mark.parametrize("n_rows", [1, 20])
def test_no_product_is_made_where_a_sparse_coefficient_is_absent(saved: Any, n_rows: int) -> None:
    by_column = {"type": 0, "numRows": 3, "colPtrs": [0, 0, 2], "rowIndices": [0, 2], "isTransposed": False}
    intercepts = pa.array([dense([0.1, 0.2, 0.3])], VECTOR)
    three = {"numClasses": pa.array([3], pa.int32()), "isMultinomial": pa.array([True]), "interceptVector": intercepts}
    model = load(saved(by_column, **three))
    for features in ([INF, 1.0], {"size": 2, "indices": [0, 1], "values": [INF, 1.0]}):
        for answer in model.transform([{"features": features}] * n_rows):
            assert answer["rawPrediction"] == [0.1 + 1.0, 0.2, 0.3 - 2.0]
            assert answer["prediction"] == 0.0


@pytest.mark.parametrize("n_rows", [1, 20])
@pytest.mark.parametrize(("by_row", "total"), [(True, 0.1 + (0.2 + 0.3)), (False, (0.1 + 0.2) + 0.3)])
def test_a_sum_begins_with_the_intercept_where_sparse_coefficients_stand_by_column(
    saved: Any, n_rows: int, by_row: bool, total: float
) -> None:
    pointers = {"colPtrs": [0, 2], "rowIndices": [0, 1]} if by_row else {"colPtrs": [0, 1, 2], "rowIndices": [0, 0]}
    matrix = {"type": 0, "values": [0.2, 0.3], "isTransposed": by_row} | pointers
    one = {"numClasses": pa.array([1], pa.int32()), "isMultinomial": pa.array([True])}
    model = load(saved(matrix, interceptVector=pa.array([dense([0.1])], VECTOR), **one))
    for answer in model.transform([{"features": {"size": 2, "indices": [0, 1], "values": [1.0, 1.0]}}] * n_rows):
        assert answer["rawPrediction"] == [total]


@pytest.mark.parametrize("n_rows", [1, 20])
@pytest.mark.parametrize(("feature", "probability"), [(-1e6, [1.0, 0.0]), (1e6, [0.0, 1.0])])
def test_a_large_margin_is_no_error(saved: Any, n_rows: int, feature: float, probability: list[float]) -> None:
    for answer in load(saved()).transform([{"features": [feature, 0.0]}] * n_rows):
        assert answer["probability"] == probability


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"matrix": {"isTransposed": False}}, "do not stand row by row"),
        ({"matrix": {"values": [1.0]}}, "coefficientMatrix is not a matrix"),
        ({"numClasses": pa.array([3], pa.int32())}, "tell 3 classes apart"),
        ({"isMultinomial": pa.array([True])}, "1 intercepts and 1 rows of coefficients for 2 classes"),
        ({"interceptVector": pa.array([dense([0.5, 1.0])], VECTOR)}, "2 intercepts"),
        ({"params": {"threshold": 1.5}}, "threshold is 1.5"),
        ({"params": {"threshold": "NaN"}}, "threshold is nan"),
        ({"params": {"thresholds": [1.0]}}, "1 thresholds for 2 classes"),
    ],
)
def test_what_does_not_fit_is_found_at_load(saved: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(saved(**given))
