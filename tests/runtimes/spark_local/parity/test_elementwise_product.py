"""ElementwiseProduct held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN

pytestmark = pytest.mark.jvm


def test_products(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import ElementwiseProduct
    from pyspark.ml.linalg import Vectors

    factors = [Vectors.dense(2.5, -0.0, 1e300, -1, 1 / 3), Vectors.dense(NAN, INF, -INF, 0, 5e-324)]
    factors += [Vectors.sparse(5, [1, 3], [3.0, -1e-300]), Vectors.sparse(5, [], [])]
    stages = [ElementwiseProduct(inputCol="features", outputCol=f"o{n}", scalingVec=v) for n, v in enumerate(factors)]
    parity.check(PipelineModel(stages), mixed)


@pytest.mark.parametrize("numbers", [None, [1.0], [1.0, 2.0, 3.0]])
def test_refuses_null_and_vectors_of_another_size(frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.feature import ElementwiseProduct
    from pyspark.ml.linalg import Vectors

    model = ElementwiseProduct(inputCol="v", outputCol="o", scalingVec=Vectors.dense(1, 2))
    parity.check_refused(model, frame("v vector", [(None if numbers is None else Vectors.dense(numbers),)]))
