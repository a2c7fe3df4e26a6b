"""FMRegressor held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite, renamed

pytestmark = pytest.mark.jvm


def test_linear_part_and_intercept(mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.regression import FMRegressor

    data = finite(mixed, explicit_zeros=False)
    models = [
        FMRegressor(factorSize=2, maxIter=2, seed=1, initStd=0.5, fitIntercept=fit, fitLinear=fit).fit(data)
        for fit in (True, False)
    ]
    parity.check(PipelineModel([renamed(model, at) for at, model in enumerate(models)]), mixed, relative=1e-9)
