"""MultilayerPerceptronClassifier held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, output_variants

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("layers", [[5, 3], [5, 4, 6, 3]])
def test_columns_and_thresholds(mixed: Any, parity: Any, layers: list[int]) -> None:
    from pyspark.ml.classification import MultilayerPerceptronClassifier

    model = MultilayerPerceptronClassifier(layers=layers, maxIter=3, seed=3).fit(finite(mixed))
    answer = parity.check(output_variants(model, [0.9, 0.1, 0.4]), mixed, relative=1e-9)
    assert any(row["predictionCol0"] != row["predictionCol1"] for row in answer)
