"""AFTSurvivalRegression held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, renamed

pytestmark = pytest.mark.jvm


def test_quantiles(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.regression import AFTSurvivalRegression
    from pyspark.sql import functions as sql

    data = finite(mixed).withColumn("censor", sql.col("label") % 2).withColumn("label", sql.col("label") + 1.0)
    model = AFTSurvivalRegression(maxIter=2).fit(data)
    variants: list[dict[str, Any]] = [
        {"quantilesCol": "q0"},
        {"quantilesCol": "q1", "quantileProbabilities": [0.5, 1e-9, 0.999999]},
        {},
        {"quantilesCol": "q3", "predictionCol": ""},
        {"predictionCol": ""},
    ]
    models = [renamed(model, at, **params) for at, params in enumerate(variants)]
    parity.check(PipelineModel(models), mixed, relative=1e-9)
