"""IsotonicRegression held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import ODD

pytestmark = pytest.mark.jvm


def test_numbers_and_places_in_vectors(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.linalg import Vectors
    from pyspark.ml.regression import IsotonicRegression

    random = np.random.default_rng(4)
    xs = random.normal(size=60).round(1).tolist()
    rows = [(x, Vectors.dense(0.0, x), x + float(random.normal())) for x in xs]
    data = frame("x double, v vector, label double", rows)
    asked = [*xs, *ODD, *random.normal(size=60).tolist()]
    for place in (0, 1):
        models = []
        for at, isotonic in enumerate((True, False)):
            features = {"featuresCol": "x"} if place == 0 else {"featuresCol": "v", "featureIndex": 1}
            models.append(IsotonicRegression(isotonic=isotonic, predictionCol=f"p{at}", **features).fit(data))
        vectors = [
            Vectors.sparse(2, {1: x} if at % 2 else {}) if at % 3 else Vectors.dense(1, x) for at, x in enumerate(asked)
        ]
        more = [(x, vector) for x, vector in zip(asked, vectors, strict=True)] + [(None, Vectors.dense(0, 1))]
        parity.check(PipelineModel(models), frame("x double, v vector", more))
    parity.check_refused(models[0], frame("x double, v vector", [(0.0, Vectors.dense(1.0))]))
