"""RobustScaler held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN, finite

pytestmark = pytest.mark.jvm

WAYS = [(centering, scaling) for centering in (False, True) for scaling in (False, True)]


def variants() -> list[Any]:
    from pyspark.ml.feature import RobustScaler

    return [
        RobustScaler(inputCol="features", outputCol=f"s{number}", withCentering=centering, withScaling=scaling)
        for number, (centering, scaling) in enumerate(WAYS)
    ]


def test_median_and_range(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline

    wider = variants()[3].setOutputCol("wide").setLower(0.01).setUpper(0.9)
    parity.check(Pipeline(stages=[wider, *variants()]).fit(finite(mixed)), mixed)


def test_a_range_of_zero(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.linalg import Vectors

    data = frame("features vector", [(Vectors.dense(3, 1),), (Vectors.dense(3, 2),)])
    odd = [(Vectors.dense(INF, -0.0),), (Vectors.dense(NAN, INF),), (Vectors.sparse(2, [0], [0.0]),)]
    parity.check(Pipeline(stages=variants()).fit(data), frame("features vector", odd))


@pytest.mark.parametrize("way", [0, 3])
def test_null(mixed: Any, frame: Any, parity: Any, way: int) -> None:
    check = parity.check_refused if any(WAYS[way]) else parity.check
    check(variants()[way].fit(finite(mixed)), frame("features vector", [(None,)]))
