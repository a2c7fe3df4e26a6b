"""VarianceThresholdSelector held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm


def test_thresholds(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import VarianceThresholdSelector

    stages = [VarianceThresholdSelector(outputCol=f"o{n}", varianceThreshold=t) for n, t in enumerate((0.0, 0.8, 1e9))]
    model = Pipeline(stages=stages).fit(finite(mixed))
    assert len({tuple(stage.selectedFeatures) for stage in model.stages}) > 1
    parity.check(model, mixed)


@pytest.mark.parametrize("numbers", [None, [1.0]])
def test_refuses_null_and_short_vectors(mixed: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.feature import VarianceThresholdSelector
    from pyspark.ml.linalg import Vectors

    model = VarianceThresholdSelector(outputCol="o").fit(finite(mixed))
    parity.check_refused(model, frame("features vector", [(None if numbers is None else Vectors.dense(numbers),)]))
