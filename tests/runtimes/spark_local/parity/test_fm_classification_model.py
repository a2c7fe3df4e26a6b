"""FMClassifier held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, output_variants

pytestmark = pytest.mark.jvm


def test_columns_and_thresholds(mixed: Any, parity: Any) -> None:
    from pyspark.ml.classification import FMClassifier
    from pyspark.sql import functions as sql

    data = finite(mixed, explicit_zeros=False).withColumn("label", sql.least("label", sql.lit(1.0)))
    model = FMClassifier(factorSize=3, maxIter=3, seed=3, initStd=0.5).fit(data)
    answer = parity.check(output_variants(model, [0.9, 0.1]), mixed, relative=1e-9)
    assert any(row["predictionCol0"] != row["predictionCol1"] for row in answer)
