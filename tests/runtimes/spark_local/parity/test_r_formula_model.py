"""RFormulaModel, and the ColumnPruner and VectorAttributeRewriter in it, held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.jvm

COLUMNS = "id long, y double, n long, s string, t string, b boolean, v vector"


@pytest.fixture(scope="module")
def data(frame: Any) -> Any:
    from pyspark.ml.linalg import Vectors

    rows = [
        (n, float(n % 2), n % 5, "abc"[n % 3], "uvw"[n % 7 % 3], n % 4 == 0, Vectors.dense(n / 3, -1.0))
        for n in range(30)
    ]
    return frame(COLUMNS, rows)


def formulas(data: Any, *written: str, **params: Any) -> Any:
    """One model of several formulas, with columns of their own."""
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import RFormula

    return PipelineModel(
        [
            RFormula(formula=formula, featuresCol=f"f{n}", labelCol=f"l{n}", **params).fit(data)
            for n, formula in enumerate(written)
        ]
    )


def test_formulas_of_a_label_that_rows_may_lack(data: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel

    written = ["y ~ s + n + s:t + b + v", "y ~ .", "y ~ s + t - 1", "y ~ (n + s)^2", "s ~ n + t", "b ~ s:n + n", "~ n"]
    model = formulas(data, *written)
    parity.check(model, data, attributes=[f"f{n}" for n in range(len(written)) if n != 1])
    parity.check(PipelineModel(model.stages[2:4]), data.drop("y"))


def test_a_label_that_is_called_as_it_is_to_be(data: Any, parity: Any) -> None:
    from pyspark.ml.feature import RFormula

    renamed = data.withColumnRenamed("y", "label")
    model = RFormula(formula="label ~ n + s").fit(renamed)
    parity.check(model, renamed)


@pytest.mark.parametrize("handle_invalid", ["skip", "keep"])
def test_what_training_did_not_see(data: Any, frame: Any, parity: Any, handle_invalid: str) -> None:
    from pyspark.ml.linalg import Vectors

    rows = [
        (n, None if n == 3 else 1.0, None if n % 5 == 4 else n, ("a", "z", None)[n % 3], "uvx"[n % 7 % 3], True, v)
        for n in range(20)
        for v in [Vectors.dense(1.0, 2.0)]
    ]
    unseen = frame(COLUMNS, rows)
    order = {"skip": "alphabetAsc", "keep": "frequencyAsc"}[handle_invalid]
    model = formulas(data, "y ~ s + n + s:t", "s ~ t + v", handleInvalid=handle_invalid, stringIndexerOrderType=order)
    parity.check(model, unseen)


def test_a_classifier_after_it(data: Any, parity: Any) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import RandomForestClassifier
    from pyspark.ml.feature import RFormula

    formula = RFormula(formula="s ~ n + t + b", featuresCol="f", labelCol="l", forceIndexLabel=True)
    forest = RandomForestClassifier(featuresCol="f", labelCol="l", numTrees=2, maxDepth=2, seed=1)
    model = Pipeline(stages=[formula, forest]).fit(data)
    parity.check(model, data)
    ours = parity.load(model)
    assert tuple(ours.inputs) == ("t", "n", "b")
    assert tuple(ours.outputs) == ("rawPrediction", "probability", "prediction")
    (answer,) = ours.transform([{"b": True, "n": 1, "t": "u"}])
    assert list(answer) == ["b", "n", "t", "f", "rawPrediction", "probability", "prediction"]


def test_refuses_text_where_the_label_was_a_number(data: Any, parity: Any) -> None:
    from pyspark.ml.feature import RFormula

    model = RFormula(formula="y ~ n").fit(data)
    parity.check_refused(model, data.drop("y").withColumnRenamed("s", "y"))
