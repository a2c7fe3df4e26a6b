"""MinMaxScaler held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN, ODD, finite

pytestmark = pytest.mark.jvm

RANGES = [(0.0, 1.0), (-1.0, 1.0), (-3.5, 1e300), (-INF, 0.0), (0.1, 0.30000000000000004)]


def variants(column: str) -> list[Any]:
    from pyspark.ml.feature import MinMaxScaler

    return [
        MinMaxScaler(inputCol=column, outputCol=f"s{number}", min=least, max=most)
        for number, (least, most) in enumerate(RANGES)
    ]


def test_ranges(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline

    parity.check(Pipeline(stages=variants("features")).fit(finite(mixed)), mixed)


def test_columns_of_one_value_and_vectors_that_become_sparse(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.linalg import Vectors

    fitted = [(Vectors.dense(3, 0, -1e308, 0, 0, 0, 0, 0),), (Vectors.dense(3, 1, 1e308, 1, 1, 1, 1, 1),)]
    odd = [Vectors.dense(v, 0.0, w, 0.0, 0.0, 0.0, 0.0, -0.0) for v in ODD for w in ODD]
    odd += [Vectors.sparse(8, [1], [v]) for v in ODD] + [Vectors.dense([NAN] * 8)]
    model = Pipeline(stages=variants("v")).fit(frame("v vector", fitted))
    answer = parity.check(model, frame("v vector", [(v,) for v in odd]))
    assert {type(row["s0"]) for row in answer} == {list, dict}


@pytest.mark.parametrize("numbers", [None, [1.0, 2.0]])
def test_refuses_null_and_short_vectors(mixed: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.linalg import Vectors

    rows = [(None if numbers is None else Vectors.dense(numbers),)]
    parity.check_refused(variants("features")[0].fit(finite(mixed)), frame("features vector", rows))


def test_refuses_a_range_that_descends(mixed: Any, parity: Any) -> None:
    model = variants("features")[0].fit(finite(mixed))
    parity.check_refused(model.copy({model.min: 2.0}), mixed.limit(1))
