"""MinHashLSH held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import NAN

pytestmark = pytest.mark.jvm


def test_hashes(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import MinHashLSH
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(8)
    size = 2**31 - 1
    places = [sorted({int(place) for place in random.integers(size, size=n % 9 + 1)}) for n in range(60)]
    sparse = [(Vectors.sparse(size, found, [1.0] * len(found)),) for found in [[0], [size - 1], *places]]
    dense = [(Vectors.dense(0, NAN, 2),), (Vectors.dense(-0.0, 1),), (Vectors.sparse(9, [2, 5], [0.0, -1.0]),)]
    model = Pipeline(stages=[MinHashLSH(inputCol="v", outputCol=f"o{n}", numHashTables=n, seed=n) for n in (1, 7)]).fit(
        frame("v vector", dense)
    )
    parity.check(model, frame("v vector", sparse))
    parity.check(model, frame("v vector", sparse + dense))


@pytest.mark.parametrize("numbers", [None, [0.0, -0.0], []])
def test_refuses_null_and_vectors_of_zeros(frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.feature import MinHashLSH
    from pyspark.ml.linalg import Vectors

    model = MinHashLSH(inputCol="v", outputCol="o").fit(frame("v vector", [(Vectors.dense(1, 2),)]))
    parity.check_refused(model, frame("v vector", [(None if numbers is None else Vectors.dense(numbers),)]))
