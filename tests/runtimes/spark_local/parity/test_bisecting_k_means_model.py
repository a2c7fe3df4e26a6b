"""BisectingKMeans held against Spark's own: equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN, finite

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("measure", ["euclidean", "cosine"])
def test_trees(mixed: Any, frame: Any, parity: Any, measure: str) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.clustering import BisectingKMeans
    from pyspark.ml.linalg import Vectors

    stages = [BisectingKMeans(k=k, distanceMeasure=measure, seed=1, maxIter=2, predictionCol=f"p{k}") for k in (2, 6)]
    rows = [row for row in finite(mixed).collect() if row.features.toArray().any()]
    model = Pipeline(stages=stages).fit(mixed.sparkSession.createDataFrame(rows))
    points = [row.features for row in mixed.collect()]
    points = [point for point in points if not np.isnan(point.toArray()).any() and point.toArray().any()]
    points += [Vectors.sparse(5, [1, 3], [1e-9, v]) for v in (1.0, 1e9, 1e200, INF, -INF)]
    if measure == "euclidean":
        points += [Vectors.dense([0, 0, 0, 0, 0]), Vectors.sparse(5, [], [])]
    parity.check(model, frame("features vector", [(point,) for point in points]))
    for wrong in (None, Vectors.dense([NAN] * 5), Vectors.dense([0.0] * (3 if measure == "euclidean" else 5))):
        parity.check_refused(model, frame("features vector", [(wrong,)]))
