"""Spark 2's OneHotEncoder, whose size is that of the labels before it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


def encoder(saver: Any, name: str = "", version: str = "2.1.0", **params: Any) -> Path:
    given = {"inputCol": "index", "outputCol": "hot"} | params
    return saver.stage(name, "feature.OneHotEncoder", given, sparkVersion=version)


@pytest.mark.parametrize("rows", [1, 30])
@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({}, {"size": 2, "indices": [1], "values": [1.0]}),
        ({"dropLast": False}, {"size": 3, "indices": [1], "values": [1.0]}),
    ],
)
def test_its_size_is_that_of_the_labels(saver: Any, params: Any, expected: Any, rows: int) -> None:
    labels = (("a", "b", "c"),)
    model = load(saver.pipeline(lambda name: saver.indexer(name, labels), lambda name: encoder(saver, name, **params)))
    for answer in model.transform([{"text": "b"}] * rows):
        assert answer["hot"] == expected
    (members,) = (field.members for field in model.outputs.values())
    assert members is not None
    assert [member.name for member in members] == ["a", "b", "c"][: expected["size"]]


@pytest.mark.parametrize("rows", [1, 30])
def test_the_last_label_leaves_no_one(saver: Any, rows: int) -> None:
    model = load(saver.pipeline(lambda name: saver.indexer(name), lambda name: encoder(saver, name)))
    for answer in model.transform([{"text": "b"}] * rows):
        assert answer["hot"] == {"size": 1, "indices": [], "values": []}


def after_a_forest(saver: Any) -> Path:
    return saver.pipeline(
        lambda name: saver.forest(name),
        lambda name: encoder(saver, name, inputCol="prediction", dropLast=False),
    )


def test_a_prediction_has_as_many_values_as_there_are_classes(saver: Any) -> None:
    (answer,) = load(after_a_forest(saver)).transform([{"features": [1.0, -2.0]}])
    assert answer["hot"] == {"size": 2, "indices": [0], "values": [1.0]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), (math.nan, []), (1.9, [1]), (-0.5, [0]), (7, [])],
)
def test_what_is_no_index_of_a_label(saver: Any, value: Any, expected: Any) -> None:
    model = load(after_a_forest(saver))
    (made,) = model._stages[-1].apply(value)
    assert (made if made is None else made.indices) == expected
    with pytest.raises(Exception, match="no index"):
        model._stages[-1].apply(-1.0)


def test_without_labels_its_size_is_not_known(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="not told by a stage before it how many values 'index' has"):
        load(encoder(saver))


def test_one_that_is_not_fitted_yet_is_refused(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="not fitted"):
        load(encoder(saver, version="3.0.0"))


def test_one_label_cannot_be_dropped(saver: Any) -> None:
    folder = saver.pipeline(lambda name: saver.indexer(name, (("a",),)), lambda name: encoder(saver, name))
    with pytest.raises(ModelBroken, match="drops the last of 1 values"):
        load(folder)


def test_text_is_no_index(saver: Any) -> None:
    model = load(saver.pipeline(lambda name: saver.indexer(name), lambda name: encoder(saver, name)))
    with pytest.raises(InvalidInput, match="which training did not see"):
        model.transform([{"text": "z"}])
