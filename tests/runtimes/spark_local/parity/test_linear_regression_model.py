"""LinearRegression held against Spark's own: sparse vectors to the last bit, dense ones within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, renamed

pytestmark = pytest.mark.jvm


def test_dense_and_sparse_vectors_and_coefficients(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.regression import LinearRegression

    data = finite(mixed)
    models = [
        LinearRegression(maxIter=3).fit(data),
        LinearRegression(maxIter=3, fitIntercept=False, elasticNetParam=1.0, regParam=0.3).fit(data),
        LinearRegression(maxIter=3, loss="huber").fit(data),
    ]
    pipeline = PipelineModel([renamed(model, at) for at, model in enumerate(models)])
    parity.check(pipeline, mixed, relative=1e-9)
    sparse = mixed.sparkSession.createDataFrame(
        [row for row in mixed.collect() if type(row.features).__name__ == "SparseVector"], mixed.schema
    )
    parity.check(pipeline, sparse)
    parity.check(models[0].copy({models[0].predictionCol: ""}), mixed.limit(3))
    parity.check_refused(models[0], mixed.limit(3).withColumn("prediction", mixed.label))
