"""VectorSlicer held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.jvm


def test_indices(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorSlicer

    orders = [[0], [4, 0, 2], [0, 1, 2, 3, 4]]
    stages = [VectorSlicer(inputCol="features", outputCol=f"o{n}", indices=order) for n, order in enumerate(orders)]
    parity.check(PipelineModel(stages), mixed)


def test_names_travel_with_the_column(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import StringIndexer, VectorAssembler, VectorSlicer

    stages = [
        StringIndexer(inputCol="t", outputCol="i"),
        VectorAssembler(inputCols=["x", "y", "i"], outputCol="v"),
        VectorSlicer(inputCol="v", outputCol="a", indices=[2], names=["y"]),
        VectorSlicer(inputCol="a", outputCol="b", names=["y", "i"]),
        VectorAssembler(inputCols=["b", "x"], outputCol="w"),
        VectorSlicer(inputCol="w", outputCol="c", names=["x", "b_i"]),
    ]
    data = frame("x double, y double, t string", [(float(n), n / 7, "abc"[n % 3]) for n in range(30)])
    parity.check(Pipeline(stages=stages).fit(data), data)


@pytest.mark.parametrize("params", [{"indices": [5]}, {"names": ["x"]}, {}])
def test_refuses_what_the_vector_has_not(mixed: Any, parity: Any, params: Any) -> None:
    from pyspark.ml.feature import VectorSlicer

    parity.check_refused(VectorSlicer(inputCol="features", outputCol="o", **params), mixed.limit(1))


@pytest.mark.parametrize("params", [{"indices": [2]}, {"indices": [0], "names": ["x"]}, {"names": ["z"]}])
def test_refuses_what_does_not_fit_the_column(frame: Any, parity: Any, params: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorAssembler, VectorSlicer

    assembler = VectorAssembler(inputCols=["x", "y"], outputCol="v")
    model = PipelineModel([assembler, VectorSlicer(inputCol="v", outputCol="o", **params)])
    parity.check_refused(model, frame("x double, y double", [(1.0, 2.0)]))
