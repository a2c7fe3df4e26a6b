"""PCA held against Spark's own: sparse vectors to the last bit, dense ones within 1e-9 of a vector's largest number."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm


def test_components(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import PCA

    model = Pipeline(stages=[PCA(k=k, inputCol="features", outputCol=f"o{k}") for k in (1, 3, 5)]).fit(finite(mixed))
    parity.check(model, mixed, relative=1e-9, of_largest=True)
    sparse = mixed.sparkSession.createDataFrame([row for row in mixed.collect() if hasattr(row.features, "indices")])
    parity.check(model, sparse)


@pytest.mark.parametrize("numbers", [None, [1.0]])
def test_refuses_null_and_short_vectors(mixed: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.feature import PCA
    from pyspark.ml.linalg import Vectors

    model = PCA(k=2, inputCol="features", outputCol="o").fit(finite(mixed))
    parity.check_refused(model, frame("features vector", [(None if numbers is None else Vectors.dense(numbers),)]))
