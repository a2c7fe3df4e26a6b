"""ChiSqSelector held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm


def test_ways_to_select(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import ChiSqSelector

    ways: list[dict[str, Any]] = [
        {"numTopFeatures": 2},
        {"selectorType": "percentile", "percentile": 0.7},
        {"selectorType": "fpr", "fpr": 1e-30},
        {"selectorType": "fwe", "fwe": 0.5},
    ]
    stages = [ChiSqSelector(outputCol=f"o{n}", **way) for n, way in enumerate(ways)]
    model = Pipeline(stages=stages).fit(finite(mixed))
    assert len({tuple(stage.selectedFeatures) for stage in model.stages}) > 1
    parity.check(model, mixed)


def test_names_travel_with_the_column(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import ChiSqSelector, VectorAssembler, VectorSizeHint, VectorSlicer

    data = frame("x double, y double, label double", [(float(n % 5), float(n % 2), float(n % 2)) for n in range(40)])
    stages = [
        VectorAssembler(inputCols=["x", "y"], outputCol="features"),
        VectorSizeHint(inputCol="features", size=2),
        ChiSqSelector(outputCol="o", numTopFeatures=1),
        VectorSlicer(inputCol="o", outputCol="y2", names=["y"]),
    ]
    parity.check(Pipeline(stages=stages).fit(data), data)
