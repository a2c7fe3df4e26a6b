"""StandardScaler held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN, finite

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("with_mean", [False, True])
@pytest.mark.parametrize("with_std", [False, True])
def test_mean_and_deviation(mixed: Any, parity: Any, with_mean: bool, with_std: bool) -> None:
    from pyspark.ml.feature import StandardScaler

    model = StandardScaler(inputCol="features", outputCol="s", withMean=with_mean, withStd=with_std)
    parity.check(model.fit(finite(mixed)), mixed)


def test_a_deviation_of_zero(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import StandardScaler
    from pyspark.ml.linalg import Vectors

    data = frame("v vector", [(Vectors.dense(3, 1),), (Vectors.dense(3, 2),)])
    odd = frame("v vector", [(Vectors.dense(INF, -0.0),), (Vectors.dense(NAN, INF),), (Vectors.dense(-1, 1),)])
    parity.check(StandardScaler(inputCol="v", outputCol="s").fit(data), odd)


@pytest.mark.parametrize("with_std", [False, True])
def test_null(frame: Any, parity: Any, with_std: bool) -> None:
    from pyspark.ml.feature import StandardScaler
    from pyspark.ml.linalg import Vectors

    model = StandardScaler(inputCol="v", outputCol="s", withStd=with_std)
    model = model.fit(frame("v vector", [(Vectors.dense(3, 1),), (Vectors.dense(3, 2),)]))
    check = parity.check_refused if with_std else parity.check
    check(model, frame("v vector", [(None,)]))
