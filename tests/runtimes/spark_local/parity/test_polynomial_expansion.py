"""PolynomialExpansion held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import INF, NAN, ODD, drawn

pytestmark = pytest.mark.jvm


def test_products(frame: Any, mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import PolynomialExpansion, StandardScaler, VectorAssembler
    from pyspark.ml.linalg import Vectors

    stages = [PolynomialExpansion(inputCol="v", outputCol=f"d{degree}", degree=degree) for degree in (1, 2, 3, 5)]
    numbers = drawn(st.lists(st.sampled_from([*ODD, 2.0, -3.0]), max_size=4), 150)
    rows = [(Vectors.dense(found),) for found in numbers]
    rows += [(Vectors.sparse(6, [0, 2, 3, 5][: len(found)], found),) for found in numbers]
    rows += [(Vectors.sparse(0, [], []),)]
    long = [(Vectors.dense([0.5, 2.0] * 600),), (Vectors.sparse(9999, range(1200), [2.0] * 1200),)]
    parity.check(stages[0], frame("v vector", long))
    parity.check(PipelineModel(stages), frame("v vector", rows))
    parity.check(
        PolynomialExpansion(inputCol="v", outputCol="d"), frame("v vector", [(Vectors.dense(INF, -0.0, NAN),)] * 9)
    )

    # The size is known afterwards
    data = frame("v vector", [(Vectors.dense(1, 2),), (Vectors.dense(3, 5),)])
    scaler = StandardScaler(inputCol="v", outputCol="s").fit(data)
    expansion = PolynomialExpansion(inputCol="s", outputCol="d", degree=3)
    assembler = VectorAssembler(inputCols=["d"], outputCol="f", handleInvalid="skip")
    parity.check(PipelineModel([scaler, expansion, assembler]), data)


@pytest.mark.parametrize("size", [None, 2**20])
def test_refuses_null_and_vectors_with_too_many_products(frame: Any, parity: Any, size: int | None) -> None:
    from pyspark.ml.feature import PolynomialExpansion
    from pyspark.ml.linalg import Vectors

    model = PolynomialExpansion(inputCol="v", outputCol="d", degree=2)
    parity.check_refused(model, frame("v vector", [(None if size is None else Vectors.sparse(size, [0], [1.0]),)]))
