"""KMeans held against Spark's own: equal."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN, finite

pytestmark = pytest.mark.jvm


def kmeans(measure: str, k: int, made: str) -> Any:
    from pyspark.ml.clustering import KMeans

    return KMeans(k=k, distanceMeasure=measure, seed=1, maxIter=3, predictionCol=made)


@pytest.fixture(scope="module")
def points(frame: Any, mixed: Any) -> list[Any]:
    """Vectors without a NaN; those of zeros only come last, those with infinities before them."""
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(9)
    found = [row.features for row in mixed.collect() if not np.isnan(row.features.toArray()).any()]
    found += [Vectors.dense(v) for v in random.normal(scale=1e6, size=(60, 5))]
    found += [Vectors.dense(v) for v in random.integers(3, size=(60, 5)).astype(float) if v.any()]
    found += [Vectors.sparse(5, [1, 3], [1e-9, v]) for v in (1.0, 1e9, 1e200, INF, -INF)]
    return [*found, Vectors.dense([INF, -INF, 0, 1, 2]), Vectors.sparse(5, [], []), Vectors.dense([0, -0.0, 0, 0, 0])]


def test_nearest_centers(mixed: Any, points: list[Any], frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline

    model = Pipeline(stages=[kmeans("euclidean", k, f"p{k}") for k in (2, 7)]).fit(finite(mixed))
    parity.check(model, frame("features vector", [(point,) for point in points]))
    some = [row for row in mixed.collect() if not hasattr(row.features, "indices")]
    parity.check(model, finite(mixed.sparkSession.createDataFrame(some)))


def test_nearest_directions(mixed: Any, points: list[Any], frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline

    def usable(rows: list[Any]) -> Any:
        return frame("features vector", [(point,) for point in rows if point.toArray().any()])

    stages = [kmeans("cosine", k, f"p{k}") for k in (2, 7)]
    model = Pipeline(stages=stages).fit(usable([row.features for row in finite(mixed).collect()]))
    parity.check(model, usable(points))
    parity.check_refused(model, frame("features vector", [(points[-1],)]))


def test_ties_and_a_single_cluster(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.linalg import Vectors

    two = kmeans("euclidean", 2, "two").fit(frame("features vector", [(Vectors.dense(-1, 0),), (Vectors.dense(1, 0),)]))
    one = kmeans("euclidean", 2, "one").fit(frame("features vector", [(Vectors.dense(3, 0),)] * 2))
    rows = [(Vectors.dense(0, y),) for y in (0.0, 1.0, -3.0, 1e6)] + [
        (Vectors.sparse(2, [1], [y]),) for y in (0.0, 2.0)
    ]
    parity.check(PipelineModel([two, one]), frame("features vector", rows * 3))


@pytest.mark.parametrize("numbers", [None, [1.0], [NAN, 1.0, 2.0, 3.0, 4.0]])
def test_refuses_null_nan_and_short_vectors(mixed: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.linalg import Vectors

    model = kmeans("euclidean", 2, "p").fit(finite(mixed))
    parity.check_refused(model, frame("features vector", [(None if numbers is None else Vectors.dense(numbers),)]))
