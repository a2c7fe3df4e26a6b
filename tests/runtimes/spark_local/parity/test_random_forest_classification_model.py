"""RandomForestClassifier held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import INF, NAN, finite

pytestmark = pytest.mark.jvm


@pytest.fixture(scope="module")
def forest(mixed: Any) -> Any:
    from pyspark.ml.classification import RandomForestClassifier

    return RandomForestClassifier(numTrees=20, maxDepth=6, seed=5, leafCol="leaf").fit(finite(mixed))


def test_votes_probabilities_and_leaves(forest: Any, mixed: Any, parity: Any) -> None:
    answer = parity.check(forest, mixed)
    assert {row["prediction"] for row in answer} == {0.0, 1.0, 2.0}


@pytest.mark.parametrize("raw", ["", "raw"])
@pytest.mark.parametrize("probability", ["", "p"])
@pytest.mark.parametrize("thresholds", [None, [0.2, 0.0, 0.8]])
def test_outputs(
    forest: Any, mixed: Any, parity: Any, raw: str, probability: str, thresholds: list[float] | None
) -> None:
    params = {forest.rawPredictionCol: raw, forest.probabilityCol: probability, forest.leafCol: ""}
    model = forest.copy(params | ({forest.thresholds: thresholds} if thresholds else {}))
    parity.check(model, mixed.limit(60))


def test_no_output_at_all(forest: Any, mixed: Any, parity: Any) -> None:
    names = (forest.rawPredictionCol, forest.probabilityCol, forest.predictionCol, forest.leafCol)
    parity.check(forest.copy(dict.fromkeys(names, "")), mixed.limit(3))


def test_thresholds_of_another_number_of_classes(forest: Any, mixed: Any, parity: Any) -> None:
    parity.check_refused(forest.copy({forest.thresholds: [0.5, 0.5]}), mixed.limit(3))


@pytest.mark.parametrize("numbers", [None, [1.0, 2.0]])
def test_refuses_null_and_short_vectors(forest: Any, frame: Any, parity: Any, numbers: Any) -> None:
    from pyspark.ml.linalg import Vectors

    rows = [(None if numbers is None else Vectors.dense(numbers),)]
    parity.check_refused(forest, frame("features vector", rows))


def test_refuses_a_column_that_it_would_make(forest: Any, mixed: Any, parity: Any) -> None:
    parity.check_refused(forest, mixed.limit(3).withColumn("prediction", mixed.label))


@pytest.mark.parametrize("impurity", ["gini", "entropy"])
def test_categorical_splits(frame: Any, parity: Any, impurity: str) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import RandomForestClassifier
    from pyspark.ml.feature import StringIndexer, VectorAssembler

    random = np.random.default_rng(11)
    rows = [
        (f"c{city}", f"d{day}", float(x), f"l{(city * 5 + day) % 3 if x < 0.8 else city % 3}")
        for city, day, x in zip(
            random.integers(9, size=400), random.integers(4, size=400), random.random(400), strict=True
        )
    ]
    columns = "city string, day string, x double, label string"
    stages = [
        StringIndexer(inputCols=["city", "day"], outputCols=["ci", "di"], handleInvalid="keep"),
        StringIndexer(inputCol="label", outputCol="li"),
        VectorAssembler(inputCols=["ci", "di", "x"], outputCol="f"),
        RandomForestClassifier(featuresCol="f", labelCol="li", numTrees=10, seed=1, impurity=impurity, leafCol="leaf"),
    ]
    model = Pipeline(stages=stages).fit(frame(columns, rows))
    unseen = [("new", "d1", 0.5, "l1"), (None, None, 0.9, "l0"), ("c1", "new", -INF, "l2")]
    parity.check(model, frame(columns, rows + unseen))
    parity.check(model, frame(columns, rows[:20]).drop("label"))


def test_categories_that_training_did_not_know(frame: Any, parity: Any) -> None:
    from pyspark.ml.classification import RandomForestClassifier
    from pyspark.ml.feature import VectorIndexer
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(2)
    drawn = random.integers(6, size=(300, 2))
    rows = [(Vectors.dense(a, b), float((a * 3 + b) % 4 in (0, 3))) for a, b in drawn]
    data = frame("v vector, label double", rows)
    indexed = VectorIndexer(inputCol="v", outputCol="features", maxCategories=6).fit(data).transform(data)
    model = RandomForestClassifier(numTrees=8, seed=3, leafCol="leaf").fit(indexed)
    assert "not in" in model.toDebugString
    odd = [-1.0, 6.0, 7.5, 2.5, -0.0, NAN, INF, 1e300]
    asked = [(Vectors.dense(a, b),) for a in [*odd, 0.0, 3.0] for b in [*odd, 1.0, 4.0]]
    parity.check(model, frame("features vector", asked))
