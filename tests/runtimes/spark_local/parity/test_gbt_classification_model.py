"""GBTClassifier held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, output_variants

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("n_trees", [1, 10])
def test_columns_and_thresholds(mixed: Any, parity: Any, n_trees: int) -> None:
    from pyspark.ml.classification import GBTClassifier
    from pyspark.sql import functions as sql

    data = finite(mixed).withColumn("label", sql.least("label", sql.lit(1.0)))
    model = GBTClassifier(maxIter=n_trees, maxDepth=3, seed=1).fit(data)
    answer = parity.check(output_variants(model, [0.1, 0.9]), mixed, relative=1e-9)
    assert {row["predictionCol0"] for row in answer} == {0.0, 1.0}
    assert any(row["predictionCol0"] != row["predictionCol1"] for row in answer)
    parity.check_refused(model.copy({model.thresholds: [0.5, 0.2, 0.3]}), mixed.limit(3))
