"""GaussianMixture held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN, finite

pytestmark = pytest.mark.jvm


@pytest.fixture(scope="module")
def mixture(mixed: Any) -> Any:
    from pyspark.ml.clustering import GaussianMixture

    rows = [row for row in finite(mixed).collect() if max(abs(row.features.toArray())) < 10.0]
    return GaussianMixture(k=3, seed=1, maxIter=4).fit(mixed.sparkSession.createDataFrame(rows))


def test_probabilities_and_the_most_probable(mixture: Any, mixed: Any, frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.linalg import Vectors

    other = mixture.copy({mixture.probabilityCol: "", mixture.predictionCol: "alone"})
    third = mixture.copy({mixture.probabilityCol: "p", mixture.predictionCol: ""})
    model = PipelineModel([mixture, other, third])
    parity.check(model, mixed, relative=1e-9)
    odd = [Vectors.dense([v] * 5) for v in (0.0, 1e9, -1e200, INF, NAN)] + [Vectors.sparse(5, [], [])]
    parity.check(model, frame("features vector", [(point,) for point in odd]), relative=1e-9)


def test_a_covariance_without_width_along_an_axis(frame: Any, parity: Any) -> None:
    from pyspark.ml.clustering import GaussianMixture
    from pyspark.ml.linalg import Vectors

    rows = [(Vectors.dense(float(n % 7), 2.0 * (n % 3), 0.0),) for n in range(60)]
    model = GaussianMixture(k=2, seed=3, maxIter=3).fit(frame("features vector", rows))
    parity.check(model, frame("features vector", [*rows, (Vectors.dense(1, 1, 5),)]), relative=1e-9)


@pytest.mark.parametrize("numbers", [None, [1.0]])
def test_refuses_null_and_short_vectors(mixture: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.linalg import Vectors

    parity.check_refused(mixture, frame("features vector", [(None if numbers is None else Vectors.dense(numbers),)]))
