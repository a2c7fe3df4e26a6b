"""Bucketizer held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN, ODD

pytestmark = pytest.mark.jvm

SPLITS = [
    [-INF, 0.0, INF],
    [-INF, -0.0, INF],
    [-INF, -1.5, 0.1, 1.0000000000000002, INF],
    [-INF, -5e-324, 5e-324, 1e23, INF],
]


def bucketizers(handle_invalid: str) -> Any:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Bucketizer

    every = Bucketizer(splitsArray=SPLITS, inputCols=["x"] * 4, outputCols=list("abcd"), handleInvalid=handle_invalid)
    alone = [
        Bucketizer(splits=splits, inputCol="x", outputCol=f"o{n}", handleInvalid=handle_invalid)
        for n, splits in enumerate(SPLITS)
    ]
    return PipelineModel([every, *alone])


@pytest.mark.parametrize("handle_invalid", ["error", "skip", "keep"])
def test_buckets(frame: Any, parity: Any, handle_invalid: str) -> None:
    random = np.random.default_rng(4)
    numbers = [v for v in ODD if handle_invalid != "error" or v == v] + random.normal(size=50).tolist()
    parity.check(bucketizers(handle_invalid), frame("x double", [(v,) for v in [*numbers, None]]))
    parity.check(bucketizers(handle_invalid), frame("x double", [(v,) for v in numbers]))
    parity.check(bucketizers(handle_invalid), frame("x long", [(n,) for n in range(-9, 9)]))


def test_zero_of_either_sign_at_the_ends(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Bucketizer

    ends = [[-2.0, -1.0, 0.0], [-2.0, -1.0, -0.0], [-0.0, 1.0, 2.0]]
    zeros = frame("x double", [(0.0,), (-0.0,)] * 5)
    stages = [Bucketizer(splits=splits, inputCol="x", outputCol=f"o{n}") for n, splits in enumerate(ends)]
    parity.check(PipelineModel(stages), zeros)
    parity.check_refused(Bucketizer(splits=[0.0, 1.0, 2.0], inputCol="x", outputCol="y"), zeros)


@pytest.mark.parametrize("value", [NAN, -1.1, 1.1, INF, -INF])
def test_refuses_nan_and_what_is_outside(frame: Any, parity: Any, value: float) -> None:
    from pyspark.ml.feature import Bucketizer

    model = Bucketizer(splits=[-1.0, 0.0, 1.0], inputCol="x", outputCol="y")
    parity.check_refused(model, frame("x double", [(0.0,)] * 9 + [(value,)]))


def test_quantiles_of_several_columns_and_their_names(frame: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import IndexToString, QuantileDiscretizer

    random = np.random.default_rng(5)
    rows = [(float(a), float(b)) for a, b in random.normal(size=(80, 2)).round(2)]
    keep = {"handleInvalid": "keep"}
    several = QuantileDiscretizer(numBucketsArray=[3, 5], inputCols=["x", "y"], outputCols=["a", "b"], **keep)
    one = QuantileDiscretizer(numBuckets=4, inputCol="x", outputCol="c", **keep)
    names = IndexToString(inputCol="c", outputCol="name")
    model = Pipeline(stages=[one, names, several]).fit(frame("x double, y double", rows))
    parity.check(model, frame("x double, y double", [*rows, (0.0, NAN), (-9.0, 9.0)]))


def test_refuses_booleans(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import Bucketizer

    model = Bucketizer(splits=[-1.0, 0.0, 1.0], inputCol="x", outputCol="y")
    parity.check_refused(model, frame("x boolean", [(True,)]))
