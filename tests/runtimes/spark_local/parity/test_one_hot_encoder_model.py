"""OneHotEncoderModel held against Spark's own: to the last bit."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from spark_parity import INF, NAN

pytestmark = pytest.mark.jvm

INDICES = [0.0, 1.0, 2.0, 3.0, -0.0, 0.5, 2.9]
UNSEEN = [4.0, 7.5, -0.5, -1.0, NAN, INF, -INF]


def test_every_way_to_treat_the_last_and_the_unseen(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.ml.feature import OneHotEncoder

    fitted = frame("x double, n long", [(float(n % 4), n % 2) for n in range(12)])
    encoders = [
        OneHotEncoder(inputCols=["x", "n"], outputCols=[f"x{n}", f"n{n}"], dropLast=drop, handleInvalid=invalid)
        for n, (drop, invalid) in enumerate(product((True, False), ("error", "keep")))
    ]
    alone = OneHotEncoder(inputCol="x", outputCol="alone").fit(fitted)
    model = Pipeline(stages=encoders).fit(fitted)
    parity.check(PipelineModel([alone, *model.stages]), frame("x double, n long", [(v, 1) for v in [*INDICES, None]]))
    keeping = PipelineModel([model.stages[1], model.stages[3]])
    rows = [(v, n) for v in [*INDICES, *UNSEEN] for n in (0, 1, 2, -1, None)]
    parity.check(keeping, frame("x double, n long", rows))
    parity.check(keeping, frame("x double, n long", [(v, 5) for v in [*INDICES, *UNSEEN]]))


@pytest.mark.parametrize("value", [4.0, -1.0, NAN])
def test_refuses_what_is_unseen(frame: Any, parity: Any, value: float) -> None:
    from pyspark.ml.feature import OneHotEncoder

    model = OneHotEncoder(inputCol="x", outputCol="o").fit(frame("x double", [(0.0,), (3.0,)]))
    parity.check_refused(model, frame("x double", [(1.0,)] * 9 + [(value,)]))


@pytest.mark.parametrize("handle_invalid", ["error", "keep"])
@pytest.mark.parametrize("drop_last", [True, False])
def test_names_of_the_labels(frame: Any, parity: Any, handle_invalid: str, drop_last: bool) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import OneHotEncoder, StringIndexer, VectorAssembler

    data = frame("t string, x double", [("b", 0.0), ("a", 1.0), ("b", 2.0)])
    stages = [
        StringIndexer(inputCol="t", outputCol="i"),
        OneHotEncoder(inputCols=["i", "x"], outputCols=["a", "b"], dropLast=drop_last, handleInvalid=handle_invalid),
        VectorAssembler(inputCols=["b", "a"], outputCol="v"),
    ]
    parity.check(Pipeline(stages=stages).fit(data), data, attributes=["v"])
