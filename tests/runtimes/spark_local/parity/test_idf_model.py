"""IDF held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm


def test_dense_and_sparse(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import IDF

    train = finite(mixed)
    stages = [
        IDF(inputCol="features", outputCol=f"o{least}", minDocFreq=least).fit(train) for least in (0, 60, 100_000)
    ]
    parity.check(PipelineModel(stages), mixed)


def test_all_sparse_with_explicit_zeros(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import IDF
    from pyspark.ml.linalg import Vectors

    rows = [(Vectors.sparse(9, [n % 9], [n / 3]),) for n in range(30)]
    odd = [(Vectors.sparse(9, [0, 8], [0.0, -0.0]),), (Vectors.sparse(9, [], []),)]
    data = frame("features vector", rows)
    parity.check(IDF(inputCol="features", outputCol="o").fit(data), frame("features vector", rows + odd))


def test_null_and_other_sizes_are_refused(mixed: Any, frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import IDF
    from pyspark.ml.linalg import Vectors

    model = IDF(inputCol="features", outputCol="o").fit(finite(mixed))
    parity.check_refused(model, frame("features vector", [(None,)]))
    parity.check_refused(model, frame("features vector", [(Vectors.dense([1.0] * 6),)]))
