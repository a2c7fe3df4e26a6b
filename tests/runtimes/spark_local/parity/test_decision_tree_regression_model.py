"""DecisionTreeRegressor held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm


def test_columns(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.regression import DecisionTreeRegressor

    model = DecisionTreeRegressor(maxDepth=5).fit(finite(mixed))
    columns = [("p0", "v0", "l0"), ("p1", "v1", ""), ("p2", "", "l2"), ("", "v3", ""), ("", "", "")]
    params = [dict(zip((model.predictionCol, model.varianceCol, model.leafCol), of, strict=True)) for of in columns]
    answer = parity.check(PipelineModel([model.copy(of) for of in params]), mixed)
    assert len({row["v0"] for row in answer}) > 3
    parity.check_refused(model, mixed.limit(3).withColumn("prediction", mixed.label))
