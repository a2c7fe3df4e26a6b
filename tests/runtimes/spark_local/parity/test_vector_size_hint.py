"""VectorSizeHint held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.jvm


def hinted(handle_invalid: str, size: int = 2) -> Any:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorAssembler, VectorSizeHint

    hint = VectorSizeHint(inputCol="v", size=size, handleInvalid=handle_invalid)
    return PipelineModel([hint, VectorAssembler(inputCols=["v", "x"], outputCol="f", handleInvalid="keep"), hint])


def test_vectors_of_that_size_and_of_others(frame: Any, parity: Any) -> None:
    from pyspark.ml.linalg import Vectors

    right = [(Vectors.dense(1, 2), 0.0), (Vectors.sparse(2, [0], [3.0]), None)] * 5
    wrong = [(None, 1.0), (Vectors.dense(1), 2.0), (Vectors.sparse(3, [0], [3.0]), 3.0)]
    parity.check(hinted("error"), frame("v vector, x double", right))
    parity.check(hinted("skip"), frame("v vector, x double", right + wrong))
    parity.check(hinted("optimistic"), frame("v vector, x double", [*right, wrong[0]]))
    for row in wrong:
        parity.check_refused(hinted("error"), frame("v vector, x double", [*right, row]))


@pytest.mark.parametrize("handle_invalid", ["error", "optimistic"])
def test_refuses_another_size_than_is_known(frame: Any, parity: Any, handle_invalid: str) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorSizeHint
    from pyspark.ml.linalg import Vectors

    hints = [VectorSizeHint(inputCol="v", size=size, handleInvalid=handle_invalid) for size in (2, 3)]
    parity.check_refused(PipelineModel(hints), frame("v vector", [(Vectors.dense(1, 2),)]))


def test_what_the_numbers_mean_is_kept(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorAssembler, VectorSizeHint, VectorSlicer

    stages = [VectorAssembler(inputCols=["x", "y"], outputCol="v"), VectorSizeHint(inputCol="v", size=2)]
    model = PipelineModel([*stages, VectorSlicer(inputCol="v", outputCol="o", names=["y"])])
    parity.check(model, frame("x double, y double", [(1.0, 2.0)]))
