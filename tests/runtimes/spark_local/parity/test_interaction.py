"""Interaction held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN

pytestmark = pytest.mark.jvm


COLUMNS = ["x z", "n x z", "i x", "x i", "i j", "j i n", "v x", "i v", "v w", "w", "w j x"]


def model_of(data: Any, *interactions: Any) -> Any:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import StringIndexer, VectorAssembler, VectorIndexer

    stages = [
        StringIndexer(inputCol="t", outputCol="i"),
        StringIndexer(inputCol="u", outputCol="j", handleInvalid="keep"),
        VectorAssembler(inputCols=["i", "x", "z"], outputCol="v", handleInvalid="keep"),
        VectorIndexer(inputCol="v", outputCol="w", maxCategories=3, handleInvalid="keep"),
    ]
    return Pipeline(stages=[*stages, *interactions]).fit(data)


@pytest.fixture(scope="module")
def data(frame: Any) -> Any:
    numbers = [1.0, -2.5, 0.0, -0.0, 3.0, 1e200, 0.1]
    rows = [
        ("abc"[n % 3], ("p", "q", None)[n % 3 if n > 9 else 0], numbers[n % 7], -numbers[n % 5], n % 2)
        for n in range(35)
    ]
    return frame("t string, u string, x double, z double, n long", rows)


@pytest.fixture(scope="module")
def odd(frame: Any) -> Any:
    rows = [("a", "p", x, z, 3) for x in (NAN, INF, 0.0, -1.0) for z in (INF, -INF, NAN, 1e300, -0.0)]
    return frame("t string, u string, x double, z double, n long", rows)


def test_products_and_their_names(data: Any, odd: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Interaction

    every = [Interaction(inputCols=of.split(), outputCol=f"o {of}") for of in COLUMNS]
    model = model_of(data, *every)
    parity.check(model, data.union(odd), attributes=[of.getOutputCol() for of in every])
    parity.check(PipelineModel(model.stages[:-2]), odd)


def test_refuses_nulls_booleans_and_vectors_without_names(frame: Any, parity: Any, mixed: Any) -> None:
    from pyspark.ml.feature import Interaction

    model = Interaction(inputCols=["x", "y"], outputCol="o")
    parity.check(model, frame("x double, y long", [(1.5, n) for n in range(9)]))
    parity.check_refused(model, frame("x double, y double", [(1.0, None)] * 9))
    parity.check_refused(model, frame("x double, y boolean", [(1.0, True)] * 9))
    parity.check_refused(Interaction(inputCols=["label", "features"], outputCol="o"), mixed)
