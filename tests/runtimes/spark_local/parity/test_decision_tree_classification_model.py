"""DecisionTreeClassifier held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, output_variants

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("impurity", ["gini", "entropy"])
def test_columns_and_thresholds(mixed: Any, parity: Any, impurity: str) -> None:
    from pyspark.ml.classification import DecisionTreeClassifier

    model = DecisionTreeClassifier(maxDepth=6, minInstancesPerNode=7, impurity=impurity, leafCol="leaf").fit(
        finite(mixed)
    )
    answer = parity.check(output_variants(model, [0.9, 0.0, 0.1]), mixed)
    assert any(row["predictionCol0"] != row["predictionCol1"] for row in answer)
    parity.check_refused(model.copy({model.thresholds: [0.5, 0.5]}), mixed.limit(3))
