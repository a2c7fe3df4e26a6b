"""TargetEncoderModel held against Spark's own: to the last bit."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN

pytestmark = pytest.mark.jvm

UNSEEN = [9.0, -1.0, 2147483647.0, 0.5, NAN, INF]


@pytest.fixture(scope="module")
def trained(frame: Any) -> Any:
    random = np.random.default_rng(6)
    rows = [
        (float(random.integers(4)), int(random.integers(5)) or None, float(random.integers(2)), float(random.normal()))
        for _ in range(60)
    ]
    return frame("x double, n long, answer double, amount double", rows)


def test_every_way_to_weigh_and_to_treat_the_unseen(trained: Any, frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.ml.feature import TargetEncoder

    encoders = [
        TargetEncoder(
            inputCols=["x", "n"],
            outputCols=[f"x{at}", f"n{at}"],
            labelCol="answer" if target == "binary" else "amount",
            targetType=target,
            smoothing=smoothing,
            handleInvalid=invalid,
        )
        for at, (target, smoothing, invalid) in enumerate(
            product(("binary", "continuous"), (0.0, 1.0, 7.5), ("error", "keep"))
        )
    ]
    stages = Pipeline(stages=encoders).fit(trained).stages
    seen = [(x, n) for x in (0.0, -0.0, 1.0, 2.0, 3.0) for n in (None, 1, 2, 3, 4)]
    parity.check(PipelineModel(stages), frame("x double, n long", seen))
    in_place = stages[1].copy({stages[1].outputCols: ["x", "n"]})
    unseen = [(x, n) for x in [*UNSEEN, None] for n in (7, -1, None, 2**31 - 1)]
    parity.check(PipelineModel([*stages[1::2], in_place]), frame("x double, n long", seen + unseen))


@pytest.mark.parametrize("value", [*UNSEEN, None])
def test_refuses_what_is_unseen(trained: Any, frame: Any, parity: Any, value: float | None) -> None:
    from pyspark.ml.feature import TargetEncoder

    model = TargetEncoder(inputCol="x", outputCol="o", labelCol="answer").fit(trained)
    parity.check_refused(model, frame("x double", [(1.0,), (value,)]))
