"""GBTRegressor held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, renamed

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("loss", ["squared", "absolute"])
def test_few_trees_and_many(mixed: Any, parity: Any, loss: str) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.regression import GBTRegressor

    few, many = (
        GBTRegressor(maxIter=n_trees, maxDepth=4, lossType=loss, seed=1, stepSize=0.3).fit(finite(mixed))
        for n_trees in (5, 20)
    )
    models = [renamed(few, 0), renamed(few, 1, leafCol=""), renamed(few, 2, predictionCol=""), renamed(many, 3)]
    parity.check(PipelineModel(models), mixed, relative=1e-9)
