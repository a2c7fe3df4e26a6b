"""LDA's local model held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN

pytestmark = pytest.mark.jvm


@pytest.fixture(scope="module")
def documents(frame: Any) -> Any:
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(10)
    counts = random.poisson(random.choice([0.2, 1.0, 30.0], size=(80, 12)))
    rows = [Vectors.dense(row) if n % 2 else Vectors.sparse(12, list(enumerate(row))) for n, row in enumerate(counts)]
    return frame("features vector", [(row,) for row in rows])


def test_shares(documents: Any, frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.clustering import LDA
    from pyspark.ml.linalg import Vectors

    ways: list[dict[str, Any]] = [
        {"k": 2, "seed": 4},
        {"k": 5, "docConcentration": [0.1, 0.2, 1.0, 1.5, 3.0], "optimizeDocConcentration": False},
    ]
    stages = [LDA(maxIter=2, topicDistributionCol=f"o{n}", **way) for n, way in enumerate(ways)]
    model = Pipeline(stages=stages).fit(documents)
    empty = [Vectors.dense([0.0, -0.0] * 6), Vectors.sparse(12, [], []), Vectors.sparse(12, [1, 3], [0.0, 0.0])]
    odd = [Vectors.dense([0.5, 1e-9, 1e6] * 4), Vectors.sparse(12, [3], [1e-300]), Vectors.sparse(12, [4], [INF])]
    odd += [Vectors.sparse(12, [4, 5], [NAN, 1.0])]
    parity.check(model, documents.union(frame("features vector", [(v,) for v in empty + odd])), relative=1e-9)


@pytest.mark.parametrize("numbers", [None, [1.0] * 13])
def test_refuses_null_and_longer_vectors(documents: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.clustering import LDA
    from pyspark.ml.linalg import Vectors

    model = LDA(k=2, maxIter=1).fit(documents)
    parity.check_refused(model, frame("features vector", [(None if numbers is None else Vectors.dense(numbers),)]))


def test_refuses_to_make_a_column_without_a_name(documents: Any, parity: Any) -> None:
    from pyspark.ml.clustering import LDA

    model = LDA(k=2, maxIter=1).fit(documents)
    parity.check_refused(model.copy({model.topicDistributionCol: ""}), documents)
