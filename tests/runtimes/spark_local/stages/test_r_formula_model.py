"""RFormulaModel and the two stages that it alone saves: what is damaged, and what a row may bring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load
from runtimes.spark_local.pipeline import COLUMNAR_FROM


def formula(saver: Any, label: Any = "y", inner: str = "PipelineModel", **params: Any) -> Path:
    """`y ~ t + x`, as Spark saves it."""
    folder = saver.stage("", "feature.RFormulaModel", params)
    saver.data(folder, {"label": pa.array([label])})
    saver.stage("pipelineModel", inner, {"stageUids": ["a", "b", "c", "d"]})
    saver.indexer("pipelineModel/stages/0_a", inputCol="t", outputCol="i")
    saver.assembler("pipelineModel/stages/1_b", inputCols=["i", "x"])
    rewriter(saver, "pipelineModel/stages/2_c", "features", {"i": "t"})
    pruner(saver, "pipelineModel/stages/3_d", ["i"])
    return folder


def rewriter(saver: Any, name: str, column: Any, prefixes: Any) -> Path:
    folder = saver.stage(name, "feature.VectorAttributeRewriter", {})
    stored = pa.array([list(prefixes.items())], pa.map_(pa.string(), pa.string()))
    saver.data(folder, {"vectorCol": pa.array([column]), "prefixesToRewrite": stored})
    return folder


def pruner(saver: Any, name: str, dropped: Any) -> Path:
    folder = saver.stage(name, "feature.ColumnPruner", {})
    saver.data(folder, {"columnsToPrune": pa.array([dropped])})
    return folder


@pytest.mark.parametrize("rows", [1, COLUMNAR_FROM])
def test_rows_may_lack_the_label_and_columns_stand_as_in_spark(saver: Any, rows: int) -> None:
    model = load(formula(saver))
    assert (tuple(model.inputs), tuple(model.outputs)) == (("t", "x"), ("features",))
    for answer in model.transform([{"t": "b", "x": 2, "id": 1}] * rows):
        assert list(answer.items()) == [("t", "b"), ("x", 2), ("id", 1), ("features", [1.0, 2.0])]
    for answer in model.transform([{"t": "b", "y": True, "x": 2}] * rows):
        assert list(answer.items()) == [("t", "b"), ("y", True), ("x", 2), ("features", [1.0, 2.0]), ("label", 1.0)]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"x": 1}, "the column 't' is missing"),
        ({"t": "a", "x": 1, "y": "text"}, "the column 'y' should be a number, not text"),
        ({"t": "a", "x": 1, "label": 1.0}, "the column 'label' is there already"),
        ({"t": "a", "x": 1, "features": []}, "the column 'features' is there already"),
        ({"t": "a", "x": 1, "i": 1}, "the column 'i' is there already"),
    ],
)
def test_a_row_that_does_not_fit(saver: Any, row: Any, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        load(formula(saver)).transform([row])


def test_a_label_that_has_its_name_already_stays(saver: Any) -> None:
    model = load(formula(saver, "label"))
    assert model.transform([{"t": "a", "x": 1, "label": None}])[0]["label"] is None


@pytest.mark.parametrize(
    ("label", "inner", "message"),
    [(3, "PipelineModel", "has the label 3"), ("y", "feature.IndexToString", "its pipelineModel is a org.apache")],
)
def test_a_damaged_formula_is_found_at_load(saver: Any, label: Any, inner: str, message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(formula(saver, label, inner))


def test_a_damaged_pruner_or_rewriter_is_found_at_load(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="columnsToPrune"):
        load(pruner(saver, "", [1]))
    with pytest.raises(ModelBroken, match="prefixesToRewrite is not a map"):
        load(rewriter(saver.__class__(saver.folder / "b"), "", "v", {"a": None}))
    with pytest.raises(ModelBroken, match="in the names of 3"):
        load(rewriter(saver.__class__(saver.folder / "c"), "", 3, {"a": "b"}))


@pytest.mark.parametrize("rows", [1, COLUMNAR_FROM])
def test_a_pruner_drops_what_rows_bring_too(saver: Any, rows: int) -> None:
    model = load(pruner(saver, "", ["b", "absent"]))
    assert model.transform([{"a": 1, "b": 2}] * rows) == [{"a": 1}] * rows
