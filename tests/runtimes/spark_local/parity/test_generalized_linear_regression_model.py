"""GeneralizedLinearRegression held against Spark's own: within 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import finite, renamed

pytestmark = pytest.mark.jvm

FAMILIES = [
    *({"family": "gaussian", "link": link} for link in (None, "identity", "log", "inverse")),
    *({"family": "binomial", "link": link} for link in (None, "logit", "probit", "cloglog")),
    *({"family": "poisson", "link": link} for link in (None, "log", "identity", "sqrt")),
    *({"family": "gamma", "link": link} for link in (None, "inverse", "identity", "log")),
    *(
        {"family": "tweedie", "variancePower": variance, "linkPower": link}
        for variance in (0.0, 1.0, 1.6, 2.0, 3.0)
        for link in (None, 0.0, 0.5, -1.0, 1.0, 3.0, -0.7)
    ),
]


@pytest.fixture(scope="module")
def fitted(mixed: Any) -> Any:
    from pyspark.ml.regression import GeneralizedLinearRegression

    return GeneralizedLinearRegression(maxIter=2).fit(finite(mixed))


def test_families_and_links(fitted: Any, mixed: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel

    models = [renamed(fitted, at, linkPredictionCol=f"link{at}", **family) for at, family in enumerate(FAMILIES)]
    parity.check(PipelineModel(models), mixed, relative=1e-9)


def test_offsets_and_columns(fitted: Any, mixed: Any, frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel

    random = np.random.default_rng(3)
    data = [(row.features, float(random.normal())) for row in finite(mixed).collect()][:40]
    data += [(data[0][0], None)]
    variants = [
        {"family": family, "offsetCol": "offset", "linkPredictionCol": link, "predictionCol": prediction}
        for family in ("gaussian", "poisson")
        for link, prediction in (("link", "of"), ("", "of"), ("link", ""), ("", ""))
    ]
    models = [
        fitted.copy({fitted.getParam(name): f"{of}{at}" if of in ("link", "of") else of for name, of in params.items()})
        for at, params in enumerate(variants)
    ]
    parity.check(PipelineModel(models), frame("features vector, offset double", data), relative=1e-9)
