"""UnivariateFeatureSelector held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm


def test_ways_to_select(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import UnivariateFeatureSelector

    ways = [
        ("categorical", "categorical", "numTopFeatures", 2.0),
        ("continuous", "categorical", "percentile", 0.6),
        ("continuous", "continuous", "fdr", 1e-9),
    ]
    stages = [
        UnivariateFeatureSelector(outputCol=f"o{n}", selectionMode=mode)
        .setFeatureType(feature)
        .setLabelType(label)
        .setSelectionThreshold(threshold)
        for n, (feature, label, mode, threshold) in enumerate(ways)
    ]
    model = Pipeline(stages=stages).fit(finite(mixed))
    assert len({tuple(stage.selectedFeatures) for stage in model.stages}) > 1
    parity.check(model, mixed)
