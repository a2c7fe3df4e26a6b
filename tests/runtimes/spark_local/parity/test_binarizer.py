"""Binarizer held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN, ODD

pytestmark = pytest.mark.jvm

THRESHOLDS = [0.0, -0.0, 0.5, -0.5, INF, -INF]


def test_numbers_and_vectors(frame: Any, mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Binarizer
    from pyspark.ml.linalg import Vectors

    def stages(column: str) -> list[Any]:
        return [Binarizer(inputCol=column, outputCol=f"o{n}", threshold=t) for n, t in enumerate(THRESHOLDS)]

    numbers = [(v,) for v in [*ODD, 0.5, -0.5, 0.51, None]]
    not_a_number = Binarizer(inputCol="x", outputCol="n", threshold=NAN)
    parity.check(PipelineModel([not_a_number, *stages("x")]), frame("x double", numbers))
    parity.check(PipelineModel(stages("features")), mixed)
    smaller = [(Vectors.dense([v] + [w] * 8),) for v in ODD for w in (0.0, 1.0, -1.0, NAN)]
    smaller += [(Vectors.sparse(9, range(n), [v] * n),) for v in ODD for n in range(9)] + [(Vectors.dense(),)]
    parity.check(PipelineModel(stages("v")), frame("v vector", smaller))


@pytest.mark.parametrize("params", [{}, {"threshold": 0.25}, {"thresholds": [0.0, -1.0]}])
def test_several_columns(frame: Any, parity: Any, params: Any) -> None:
    from pyspark.ml.feature import Binarizer
    from pyspark.ml.linalg import Vectors

    rows = [(v, Vectors.dense(v, 0.2, -2.0, 0.0)) for v in ODD]
    model = Binarizer(inputCols=["x", "v"], outputCols=["a", "b"], **params)
    parity.check(model, frame("x double, v vector", rows))


def test_what_follows_knows_the_column(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Binarizer, StandardScaler, VectorAssembler
    from pyspark.ml.linalg import Vectors

    data = frame("x double, v vector", [(v, Vectors.dense(v, 1.0)) for v in (1.0, -2.0)] + [(None, None)])
    scaler = StandardScaler(inputCol="v", outputCol="s").setWithStd(False).fit(data.dropna())
    binarizer = Binarizer(inputCols=["x", "s"], outputCols=["a", "b"])
    assembler = VectorAssembler(inputCols=["a", "b"], outputCol="f", handleInvalid="keep")
    parity.check(PipelineModel([scaler, binarizer, assembler]), data.dropna())
    parity.check_refused(PipelineModel([scaler, binarizer]), data)


@pytest.mark.parametrize("params", [{"thresholds": [1.0]}, {"thresholds": [1.0, 2.0], "threshold": 0.0}])
def test_refuses_thresholds_that_do_not_fit(frame: Any, parity: Any, params: Any) -> None:
    from pyspark.ml.feature import Binarizer

    model = Binarizer(inputCols=["x", "y"], outputCols=["a", "b"], **params)
    parity.check_refused(model, frame("x double, y double", [(1.0, 2.0)]))


@pytest.mark.parametrize(("kind", "value"), [("string", "1.0"), ("boolean", True)])
def test_refuses_what_is_no_number(frame: Any, parity: Any, kind: str, value: Any) -> None:
    from pyspark.ml.feature import Binarizer

    parity.check_refused(Binarizer(inputCol="x", outputCol="y"), frame(f"x {kind}", [(value,)]))


def test_refuses_a_threshold_that_is_none_for_vectors(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import Binarizer
    from pyspark.ml.linalg import Vectors

    model = Binarizer(inputCol="v", outputCol="y", threshold=NAN)
    parity.check_refused(model, frame("v vector", [(Vectors.dense(1.0),)]))
