"""CrossValidator held against Spark's own: the best model is what is scored."""

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


def test_best_model_in_a_pipeline(mixed: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline, PipelineModel
    from pyspark.ml.evaluation import RegressionEvaluator
    from pyspark.ml.feature import StandardScaler
    from pyspark.ml.regression import DecisionTreeRegressor
    from pyspark.ml.tuning import CrossValidator, ParamGridBuilder

    tree = DecisionTreeRegressor(featuresCol="scaled")
    estimator = Pipeline(stages=[StandardScaler(inputCol="features", outputCol="scaled"), tree])
    grid = ParamGridBuilder().addGrid(tree.maxDepth, [1, 3]).build()
    tuned = CrossValidator(
        estimator=estimator, estimatorParamMaps=grid, evaluator=RegressionEvaluator(), numFolds=2, seed=1
    ).fit(finite(mixed))
    parity.check(tuned, mixed)
    parity.check(PipelineModel([tuned]), mixed)
