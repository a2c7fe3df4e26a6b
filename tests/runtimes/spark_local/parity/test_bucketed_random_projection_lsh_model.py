"""BucketedRandomProjectionLSH held against Spark's own: equal."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm


def test_buckets(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import BucketedRandomProjectionLSH

    stages = [
        BucketedRandomProjectionLSH(
            inputCol="features", outputCol=f"o{n}", bucketLength=length, numHashTables=tables, seed=n
        )
        for n, (length, tables) in enumerate([(1.0, 1), (0.1, 5), (2.5, 3)])
    ]
    parity.check(Pipeline(stages=stages).fit(finite(mixed)), mixed)
    dense = mixed.sparkSession.createDataFrame([row for row in mixed.collect() if not hasattr(row.features, "indices")])
    parity.check(Pipeline(stages=stages).fit(finite(mixed)), dense)


@pytest.mark.parametrize("numbers", [None, [1.0]])
def test_refuses_null_and_short_vectors(mixed: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.feature import BucketedRandomProjectionLSH
    from pyspark.ml.linalg import Vectors

    model = BucketedRandomProjectionLSH(inputCol="features", outputCol="o", bucketLength=1.0).fit(finite(mixed))
    parity.check_refused(model, frame("features vector", [(None if numbers is None else Vectors.dense(numbers),)]))
