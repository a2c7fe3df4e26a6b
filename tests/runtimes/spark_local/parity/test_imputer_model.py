"""Imputer held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN, ODD

pytestmark = pytest.mark.jvm


def imputers(missing: float) -> list[Any]:
    from pyspark.ml.feature import Imputer

    several = [
        Imputer(inputCols=["x", "y"], outputCols=[f"{s}x", f"{s}y"], strategy=s, missingValue=missing)
        for s in ("mean", "median", "mode")
    ]
    return [Imputer(inputCol="y", outputCol="one", missingValue=missing), *several]


def test_doubles(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.ml.feature import Imputer

    columns = "x double, y double"
    seen = frame(columns, [(1.0, 2.5), (1.0, None), (NAN, 7.25), (4.0, -1.5)])
    fitted = Pipeline(stages=imputers(NAN)).fit(seen).stages
    mean = fitted[1]
    others = [
        mean.copy({mean.missingValue: missing, mean.outputCols: [f"x{missing}", f"y{missing}"]})
        for missing in (-1.5, 0.0, INF)
    ]
    in_place = Imputer(inputCols=["x", "y"], outputCols=["y", "x"], missingValue=-1.5).fit(seen)
    rows = [(v, ODD[-1 - n]) for n, v in enumerate(ODD)]
    parity.check(PipelineModel([*fitted, *others, in_place]), frame(columns, [*rows, (None, 1.0), (2.0, None)]))
    parity.check(PipelineModel([*fitted, *others]), frame(columns, rows))


def test_whole_numbers(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline

    columns = "x long, y integer"
    model = Pipeline(stages=imputers(-1.0)).fit(frame(columns, [(1, 2), (-1, 2), (8, -1), (4, 5)]))
    parity.check(model, frame(columns, [(-1, 3), (2**53 + 1, -1), (-(2**62) - 1, 0), (2**63 - 1, -1)] * 3))


def test_refuses_text(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import Imputer

    model = Imputer(inputCol="x", outputCol="y").fit(frame("x double", [(1.0,)]))
    parity.check_refused(model, frame("x string", [("1.0",)]))
