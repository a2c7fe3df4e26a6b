"""OneVsRest held against Spark's own: as near as its classifiers."""

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


def test_classifiers(mixed: Any, parity: Any) -> None:
    from pyspark.ml.classification import (
        GBTClassifier,
        LinearSVC,
        MultilayerPerceptronClassifier,
        NaiveBayes,
        OneVsRest,
        RandomForestClassifier,
    )

    data = finite(mixed)
    classifiers = [
        LinearSVC(maxIter=2, threshold=5.0),
        RandomForestClassifier(numTrees=3, maxDepth=3, seed=1, leafCol="leaf").setThresholds([0.1, 0.9]),
        GBTClassifier(maxIter=2, seed=1),
        NaiveBayes(modelType="gaussian"),
        MultilayerPerceptronClassifier(layers=[5, 2], maxIter=2, seed=1),
    ]
    for classifier in classifiers:
        model = OneVsRest(classifier=classifier, predictionCol="best").fit(data)
        answer = parity.check(model, mixed, relative=1e-9)
        assert len({row["best"] for row in answer}) > 1
