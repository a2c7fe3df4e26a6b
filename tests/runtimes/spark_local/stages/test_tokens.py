"""The stages of texts and their words, without a JVM: what they refuse, at load and in a row."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load

COLUMNS = {"inputCol": "in", "outputCol": "out"}


@pytest.fixture
def stage(saver: Any) -> Any:
    """Writes a stage of one column, with a vocabulary if it has one."""

    def make(name: str, vocabulary: list[Any] | None = None, **params: Any) -> Any:
        folder = saver.stage("", f"feature.{name}", COLUMNS | params)
        if vocabulary is not None:
            saver.data(folder, {"vocabulary": pa.array([vocabulary])})
        return folder

    return make


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("Tokenizer", None, "is null, which this stage does not take"),
        ("Tokenizer", 3, "should be text, not a number"),
        ("RegexTokenizer", ["a"], "should be text, not a list"),
        ("NGram", None, "is null, which this stage does not take"),
        ("NGram", "a b", "should be a list of text, not text"),
        ("NGram", ["a", None, 1], "at position 2 should be text, not a number"),
    ],
)
@pytest.mark.parametrize("more_rows", [0, 20])
def test_other_values_are_refused(stage: Any, name: str, value: Any, message: str, more_rows: int) -> None:
    good = {"in": ["a"] if name == "NGram" else "a"}
    with pytest.raises(InvalidInput, match=f"row 1: the column 'in' {message}"):
        load(stage(name)).transform([good, {"in": value}, *[good] * more_rows])


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("NGram", {"n": 0}, "n is 0"),
        ("StopWordsRemover", {}, "lacks the parameter stopWords"),
        ("StopWordsRemover", {"stopWords": ["a"], "locale": "lt"}, "Lithuanian"),
        ("StopWordsRemover", {"stopWords": [], "inputCols": ["a"], "outputCols": ["b"]}, "both inputCol and inputCols"),
        ("CountVectorizerModel", {"vocabulary": ["a", "a"]}, "twice"),
        ("CountVectorizerModel", {"vocabulary": [1]}, "not a list of words"),
        ("CountVectorizerModel", {"vocabulary": ["a"], "minTF": -1.0}, "minTF is -1.0"),
        ("FeatureHasher", {"inputCols": ["a"], "numFeatures": 0}, "numFeatures is 0"),
    ],
)
def test_what_cannot_be_served_is_found_at_load(stage: Any, name: str, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(stage(name, **given))


def test_lithuanian_rules_do_not_matter_where_case_does(stage: Any) -> None:
    (answer,) = load(stage("StopWordsRemover", stopWords=["a"], locale="lt", caseSensitive=True)).transform(
        [{"in": ["a", "A", None]}]
    )
    assert answer["out"] == ["A", None]


def test_a_category_is_what_its_value_looks_like_in_java(saver: Any) -> None:
    params = {"inputCols": ["c"], "outputCol": "out", "categoricalCols": ["c"]}
    model = load(saver.stage("", "feature.FeatureHasher", params))
    whole, double, text, true, word = model.transform([{"c": value} for value in (1, 1.0, "1.0", True, "true")])
    assert double["out"] == text["out"] != whole["out"]
    assert true["out"] == word["out"]


@pytest.mark.parametrize(("value", "message"), [([1], "not a list"), (10**400, "too large for a double")])
def test_a_feature_that_cannot_be_hashed_is_refused(saver: Any, value: Any, message: str) -> None:
    model = load(saver.stage("", "feature.FeatureHasher", {"inputCols": ["c", "d"], "outputCol": "out"}))
    with pytest.raises(InvalidInput, match=f"row 0: the column 'd' .*{message}"):
        model.transform([{"c": None, "d": value}])


def test_features_of_vectors_are_refused_at_load(saver: Any) -> None:
    folder = saver.pipeline(
        lambda name: saver.assembler(name),
        lambda name: saver.stage(name, "feature.FeatureHasher", {"inputCols": ["features"], "outputCol": "out"}),
    )
    with pytest.raises(ModelBroken, match="FeatureHasher takes numbers, texts and booleans"):
        load(folder)
