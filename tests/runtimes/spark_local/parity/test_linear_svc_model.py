"""LinearSVC held against Spark's own: sparse vectors to the last bit, dense ones within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, finite, renamed

pytestmark = pytest.mark.jvm


def test_thresholds_and_columns(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.classification import LinearSVC
    from pyspark.sql import functions as sql

    data = finite(mixed).withColumn("label", sql.least("label", sql.lit(1.0)))
    model = LinearSVC(maxIter=3).fit(data)
    variants = [
        *({"threshold": threshold} for threshold in (0.0, 0.7, -1.5, INF, -INF)),
        {"rawPredictionCol": "", "threshold": 0.3},
        {"predictionCol": ""},
        {"rawPredictionCol": "", "predictionCol": ""},
    ]
    pipeline = PipelineModel([renamed(model, at, **params) for at, params in enumerate(variants)])
    answer = parity.check(pipeline, mixed, relative=1e-9)
    assert {row["predictionCol0"] for row in answer} == {0.0, 1.0}
