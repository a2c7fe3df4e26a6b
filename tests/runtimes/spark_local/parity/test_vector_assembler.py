"""VectorAssembler held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import NAN, ODD

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("handle_invalid", ["error", "skip"])
def test_numbers_booleans_and_vectors(frame: Any, parity: Any, handle_invalid: str) -> None:
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.linalg import Vectors

    inputs = ["x", "n", "b", "v"]
    vectors = [
        Vectors.dense(NAN, -0.0),
        Vectors.sparse(9, [2, 5], [0.0, 3.0]),
        Vectors.dense(1, 2),
        Vectors.dense(),
    ]
    numbers = [value for value in ODD if value == value]
    rows = [(x, index - 3, index % 2 == 0, vectors[index % 4]) for index, x in enumerate(numbers)]
    if handle_invalid == "skip":
        rows += [(NAN, 1, True, vectors[2]), (None, 1, True, vectors[2]), (1.0, None, True, vectors[2])]
        rows += [(1.0, 1, None, vectors[2]), (1.0, 1, True, None), (7.0, 7, True, vectors[2])]
    model = VectorAssembler(inputCols=inputs, outputCol="f", handleInvalid=handle_invalid)
    parity.check(model, frame("x double, n integer, b boolean, v vector", rows))


@pytest.mark.parametrize("row", [(NAN,), (None,)])
def test_refuses_nan_and_null(frame: Any, parity: Any, row: tuple[Any]) -> None:
    from pyspark.ml.feature import VectorAssembler

    parity.check_refused(VectorAssembler(inputCols=["x"], outputCol="f"), frame("x double", [(1.0,), row]))


def test_keeps_nulls_as_nan(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import VectorAssembler

    model = VectorAssembler(inputCols=["x", "n", "b"], outputCol="f", handleInvalid="keep")
    rows = [(None, None, None), (NAN, 1, False), (0.0, None, True), (1.0, 0, None)]
    parity.check(model, frame("x double, n integer, b boolean", rows))


def test_keeps_a_null_vector_as_nan_where_its_size_is_known(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import StandardScaler, VectorAssembler
    from pyspark.ml.linalg import Vectors

    data = frame("v vector, x double", [(Vectors.dense(1, 2), 1.0), (Vectors.dense(3, 4), 0.0), (None, None)])
    scaler = StandardScaler(inputCol="v", outputCol="s", withStd=False).fit(data.dropna())
    assembler = VectorAssembler(inputCols=["s", "x"], outputCol="f", handleInvalid="keep")
    parity.check(PipelineModel([scaler, assembler]), data)
    parity.check_refused(VectorAssembler(inputCols=["v"], outputCol="f", handleInvalid="keep"), data)


def test_sparse_where_that_is_smaller(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.linalg import Vectors

    sizes = [(size, filled) for size in range(13) for filled in range(size + 1)]
    rows = [(Vectors.dense([1.0] * filled + [0.0] * (size - filled)), x) for size, filled in sizes for x in (0.0, 2.0)]
    parity.check(VectorAssembler(inputCols=["v", "x"], outputCol="f"), frame("v vector, x double", rows))


def test_refuses_text(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import VectorAssembler

    parity.check_refused(VectorAssembler(inputCols=["t"], outputCol="f"), frame("t string", [("1.0",)]))


def test_sparse_vectors_among_numbers_and_dense_ones(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorAssembler
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(5)
    rows = []
    for _ in range(60):
        places = np.flatnonzero(random.random(30) < 0.2)
        numbers = random.choice([*ODD, 0.0, 2.5], len(places))
        dense = Vectors.dense(random.choice([0.0, -0.0, 1.5], 3))
        rows.append((Vectors.sparse(30, places, numbers), float(random.integers(2)), dense))
    rows.append((Vectors.sparse(30, [], []), 0.0, Vectors.dense(0, 0, 0)))
    stages = [
        VectorAssembler(inputCols=columns, outputCol=f"o_{'_'.join(columns)}")
        for columns in (["s"], ["s", "n", "d"], ["d", "s"], ["n", "s", "s2"])
    ]
    data = frame("s vector, n double, d vector, s2 vector", [(*row, row[0]) for row in rows])
    parity.check(PipelineModel(stages), data)
