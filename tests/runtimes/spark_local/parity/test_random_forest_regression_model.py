"""RandomForestRegressor held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, renamed

pytestmark = pytest.mark.jvm


def test_few_trees_and_many(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.regression import RandomForestRegressor

    few = RandomForestRegressor(numTrees=3, maxDepth=4, seed=1).fit(finite(mixed))
    many = RandomForestRegressor(numTrees=90, maxDepth=7, seed=2).fit(finite(mixed))
    models = [renamed(few, 0), renamed(few, 1, leafCol=""), renamed(few, 2, predictionCol=""), renamed(many, 3)]
    parity.check(PipelineModel(models), mixed)
