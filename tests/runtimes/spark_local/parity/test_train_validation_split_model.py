"""TrainValidationSplit held against Spark's own: the best model is what is scored."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import finite

pytestmark = [
    pytest.mark.jvm,
    # pyspark leaves the threads it trains with to the garbage collector
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_best_model(mixed: Any, parity: Any) -> None:
    from pyspark.ml.evaluation import RegressionEvaluator
    from pyspark.ml.regression import DecisionTreeRegressor
    from pyspark.ml.tuning import ParamGridBuilder, TrainValidationSplit

    tree = DecisionTreeRegressor()
    grid = ParamGridBuilder().addGrid(tree.maxDepth, [1, 3]).build()
    tuned = TrainValidationSplit(
        estimator=tree, estimatorParamMaps=grid, evaluator=RegressionEvaluator(), trainRatio=0.5, seed=1
    ).fit(finite(mixed))
    parity.check(tuned, mixed)
