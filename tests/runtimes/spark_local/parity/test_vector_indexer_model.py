"""VectorIndexerModel held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import NAN

pytestmark = pytest.mark.jvm


@pytest.fixture(scope="module")
def fitted(frame: Any) -> Any:
    """Of its three features the first has three categories, the second is continuous, the third has two."""
    from pyspark.ml.feature import VectorIndexer
    from pyspark.ml.linalg import Vectors

    rows = [(Vectors.dense([(-1.5, 0.0, 7.0)[n % 3], n / 7, (2.0, 3.0)[n % 2]]),) for n in range(12)]
    return VectorIndexer(inputCol="v", outputCol="o", maxCategories=4).fit(frame("v vector", rows))


def vectors(firsts: list[float], thirds: list[float]) -> list[Any]:
    from pyspark.ml.linalg import Vectors

    dense = [(Vectors.dense(a, a / 3 - 1, b),) for a in firsts for b in thirds]
    sparse = [(Vectors.sparse(3, [0, 2], [a, b]),) for a in firsts for b in thirds]
    return [*dense, *sparse, (Vectors.sparse(3, [], []),), (Vectors.sparse(3, [1, 2], [NAN, 2.0]),)]


@pytest.mark.parametrize("handle_invalid", ["skip", "keep"])
def test_unseen_categories(frame: Any, parity: Any, fitted: Any, handle_invalid: str) -> None:
    model = fitted.copy({fitted.handleInvalid: handle_invalid})
    rows = vectors([-1.5, 0.0, -0.0, 7.0, 1.0, NAN], [2.0, 3.0, 0.0, -2.0])
    parity.check(model, frame("v vector", rows))
    parity.check(model, frame("v vector", rows[:8]))


def test_seen_categories_and_what_the_numbers_mean(frame: Any, parity: Any, fitted: Any) -> None:
    data = frame("v vector", vectors([-1.5, 0.0, -0.0, 7.0], [2.0, 3.0]))
    parity.check(fitted, data)
    for handle_invalid in ("error", "keep"):
        model = fitted.copy({fitted.handleInvalid: handle_invalid})
        parity.check(model, data.limit(8), attributes=["o"])


def test_names_travel_and_what_was_continuous_stays_as_it_was(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import StringIndexer, VectorAssembler, VectorIndexer

    data = frame("t string, x double", [("abc"[n % 3], float(n // 2)) for n in range(12)])
    stages = [
        StringIndexer(inputCol="t", outputCol="i"),
        VectorAssembler(inputCols=["x", "i"], outputCol="v"),
    ]
    stages += [VectorIndexer(inputCol="v", outputCol=f"o{most}", maxCategories=most) for most in (2, 3, 10)]
    parity.check(Pipeline(stages=stages).fit(data), data, attributes=["o2", "o3", "o10"])


def test_refuses_what_is_unseen_or_of_another_size(frame: Any, parity: Any, fitted: Any) -> None:
    from pyspark.ml.linalg import Vectors

    for vector in (Vectors.dense(1.0, 0.0, 2.0), Vectors.dense(NAN, 0.0, 2.0), Vectors.dense(0.0, 0.0), None):
        parity.check_refused(fitted, frame("v vector", [(vector,)]))
