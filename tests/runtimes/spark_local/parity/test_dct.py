"""DCT held against Spark's own: within 1e-9 of a vector's largest number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN

pytestmark = pytest.mark.jvm


def test_both_ways(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import DCT
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(6)
    rows = [(Vectors.dense(random.normal(size=size)),) for size in (1, 2, 3, 4, 5, 7, 8, 16, 31, 64, 100, 257)]
    rows += [
        (Vectors.dense([value] * size),) for value in (3.0, 0.0, -0.0, 1e300, 1e-300, NAN) for size in (1, 2, 5, 8)
    ]
    rows += [(Vectors.sparse(9, [1, 4], [2.0, value]),) for value in (-1.0, 0.0, NAN)]
    stages = [DCT(inputCol="v", outputCol=f"o{inverse}", inverse=inverse) for inverse in (False, True)]
    parity.check(PipelineModel(stages), frame("v vector", rows), relative=1e-9, of_largest=True)
    same_size = [(Vectors.dense(random.normal(size=12)),) for _ in range(40)]
    parity.check(PipelineModel(stages), frame("v vector", same_size), relative=1e-9, of_largest=True)


@pytest.mark.parametrize("numbers", [None, []])
def test_refuses_null_and_empty_vectors(frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.feature import DCT
    from pyspark.ml.linalg import Vectors

    rows = [(None if numbers is None else Vectors.dense(numbers),)]
    parity.check_refused(DCT(inputCol="v", outputCol="o"), frame("v vector", rows))


def test_refuses_infinities_of_which_spark_makes_what_its_order_of_steps_gives(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import DCT

    from catenary.errors import InvalidInput

    model = parity.load(DCT(inputCol="v", outputCol="o"))
    for rows in ([{"v": [1.0, INF]}], [{"v": [1.0, -INF]}] * 9):
        with pytest.raises(InvalidInput, match="infinity"):
            model.transform(rows)
