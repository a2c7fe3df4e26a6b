"""MaxAbsScaler held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN, finite

pytestmark = pytest.mark.jvm


def test_reciprocals_of_the_largest(mixed: Any, frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import MaxAbsScaler
    from pyspark.ml.linalg import Vectors

    parity.check(MaxAbsScaler(inputCol="features", outputCol="s").fit(finite(mixed)), mixed)
    zero = frame("v vector", [(Vectors.dense(0, -7, 5e-324),), (Vectors.sparse(3, [0], [-0.0]),)])
    odd = [(Vectors.dense(INF, -0.0, 1),), (Vectors.dense(NAN, INF, 0),), (Vectors.sparse(3, [0, 1], [-2, 0]),)]
    parity.check(MaxAbsScaler(inputCol="v", outputCol="s").fit(zero), frame("v vector", odd))


@pytest.mark.parametrize("numbers", [None, [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
def test_refuses_null_and_longer_vectors(mixed: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.feature import MaxAbsScaler
    from pyspark.ml.linalg import Vectors

    model = MaxAbsScaler(inputCol="features", outputCol="s").fit(finite(mixed))
    parity.check_refused(model, frame("features vector", [(None if numbers is None else Vectors.dense(numbers),)]))
