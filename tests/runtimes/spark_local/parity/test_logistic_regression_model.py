"""LogisticRegression held against Spark's own: margins of sparse vectors to the last bit, the rest to 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import finite

pytestmark = pytest.mark.jvm

OUTPUTS = [("r", "p", "c"), ("", "p", "c"), ("", "", "c"), ("r", "", "c"), ("r", "p", ""), ("r", "", ""), ("", "p", "")]
WAYS = OUTPUTS[:3]
"""The ways to a prediction: by raw scores, by probabilities, by neither."""


def variants(models: list[Any], settings: list[dict[str, Any]], sparse: bool) -> Any:
    """Each of `models` with all ways to a prediction and with each of `settings` and one way, in one pipeline.

    Unless `sparse`, for which that is done already, with all combinations of outputs too.
    """
    from pyspark.ml import PipelineModel

    stages: list[Any] = []
    for model in models:
        ways = [({}, outputs) for outputs in (WAYS if sparse or model is not models[0] else OUTPUTS)]
        ways += [(setting, WAYS[at % 3]) for at, setting in enumerate(settings)]
        for setting, columns in ways:
            names = zip(("rawPredictionCol", "probabilityCol", "predictionCol"), columns, strict=True)
            named = {name: f"{column}{len(stages)}" if column else "" for name, column in names}
            stages.append(model.copy()._set(**named, **setting))
    return PipelineModel(stages)


def only_sparse(data: Any) -> Any:
    """Its rows of sparse vectors, which the engine scores column by column."""
    from pyspark.ml.linalg import SparseVector

    rows = [row for row in data.collect() if isinstance(row.features, SparseVector)]
    return data.sparkSession.createDataFrame(rows, data.schema)


@pytest.mark.parametrize("sparse", [False, True])
def test_binomial(mixed: Any, parity: Any, sparse: bool) -> None:
    from pyspark.ml.classification import LogisticRegression

    data = only_sparse(mixed) if sparse else mixed
    train = finite(data).where("label < 2")
    # With so much of an L1 penalty most coefficients are 0, and Spark stores the others only
    plain = LogisticRegression(regParam=0.01).fit(train)
    few = LogisticRegression(regParam=0.05, elasticNetParam=1.0).fit(train)
    assert 0 < np.count_nonzero(few.coefficients.toArray()) < 5
    settings = [{"threshold": t} for t in (0.3, 0.3, 0.3, 0.0)]
    settings += [{"thresholds": t} for t in ([0.2, 0.6], [1.0, 0.0])]
    parity.check(variants([plain, few], settings, sparse), data, relative=1e-9)


@pytest.mark.parametrize("sparse", [False, True])
def test_multinomial(mixed: Any, parity: Any, sparse: bool) -> None:
    from pyspark.ml.classification import LogisticRegression

    data = only_sparse(mixed) if sparse else mixed
    train = finite(data)
    plain = LogisticRegression(regParam=0.01, family="multinomial").fit(train)
    few = LogisticRegression(regParam=0.02, elasticNetParam=1.0, family="multinomial").fit(train)
    n = plain.numClasses
    settings = [{"thresholds": [0.1 + at for at in range(n)]}] * 3 + [{"thresholds": [0.0] + [1.0] * (n - 1)}]
    parity.check(variants([plain, few], settings, sparse), data, relative=1e-9)
