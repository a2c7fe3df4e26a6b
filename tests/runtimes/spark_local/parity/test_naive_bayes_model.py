"""NaiveBayes held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN, output_variants

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("model_type", ["multinomial", "bernoulli", "gaussian", "complement"])
def test_columns_and_thresholds(frame: Any, parity: Any, model_type: str) -> None:
    from pyspark.ml.classification import NaiveBayes
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(5)
    drawn = random.integers(2 if model_type == "bernoulli" else 5, size=(80, 4)).astype(float)
    if model_type == "gaussian":
        drawn += random.normal(size=drawn.shape)
    rows = []
    for index, numbers in enumerate(drawn):
        filled = [(place, number) for place, number in enumerate(numbers) if number]
        vector = Vectors.sparse(4, filled) if index % 2 else Vectors.dense(numbers)
        rows.append((vector, float(index % 3 if numbers[0] > 0.5 else 0)))
    model = NaiveBayes(modelType=model_type, smoothing=0.7).fit(frame("features vector, label double", rows))
    answer = parity.check(
        output_variants(model, [0.2, 0.5, 0.3]), frame("features vector, label double", rows), relative=1e-9
    )
    assert len({row["predictionCol0"] for row in answer}) > 1
    odd = [INF, -1.0, NAN, 0.5] if model_type != "gaussian" else [INF, -INF, NAN]
    for number in odd:
        data = frame("features vector", [(Vectors.dense([number, 1.0, 0.0, 1.0]),)])
        refused = number != number or number < 0 or (model_type == "bernoulli")
        if refused and model_type != "gaussian":
            parity.check_refused(model, data)
        else:
            parity.check(model, data, relative=1e-9)
