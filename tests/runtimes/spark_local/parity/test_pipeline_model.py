"""PipelineModel held against Spark's own."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.jvm


def test_pipelines_inside_pipelines_of_more_than_ten_stages(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorAssembler

    def assembler(source: str, made: str) -> Any:
        return VectorAssembler(inputCols=[source], outputCol=made)

    inner = PipelineModel([assembler(f"v{n}" if n else "x", f"v{n + 1}") for n in range(11)])
    model = PipelineModel([inner, PipelineModel([]), assembler("v11", "out")])
    parity.check(model, frame("x double", [(1.0,), (0.0,)]))


def test_an_output_column_that_nobody_named(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import VectorAssembler

    parity.check(VectorAssembler(inputCols=["x"]), frame("x double", [(1.0,)]))
