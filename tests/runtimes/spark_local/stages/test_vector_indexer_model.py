"""Damaged fitted values of the stages that index and encode categories."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load

MAPS = pa.map_(pa.int32(), pa.map_(pa.float64(), pa.int32()))


@pytest.mark.parametrize(
    ("size", "maps", "message"),
    [
        (2, {2: {1.0: 0}}, r"the features \[2\] do not fit 2 features"),
        (2, {-1: {1.0: 0}}, r"the features \[-1\] do not fit"),
        (2, {0: {1.0: 0, 2.0: 2}}, "the categories of feature 0 are"),
        (2, {0: {1.0: 1}}, "the categories of feature 0 are"),
        (2, {0: {1.0: None}}, "the categories of feature 0 is not a map"),
        (2, {0: None}, "categoryMaps is not a map"),
        (None, {}, "do not fit None features"),
    ],
)
def test_categories_that_are_none_are_found_at_load(saver: Any, size: Any, maps: Any, message: str) -> None:
    folder = saver.stage("", "feature.VectorIndexerModel", {"inputCol": "v", "outputCol": "o"})
    stored = [(at, None if of is None else list(of.items())) for at, of in maps.items()]
    saver.data(folder, {"numFeatures": pa.array([size], pa.int32()), "categoryMaps": pa.array([stored], MAPS)})
    with pytest.raises(ModelBroken, match=message):
        load(folder)


@pytest.mark.parametrize(
    ("sizes", "message"), [([0], "not a list of numbers above 0"), ([2, 3], "1 input columns, but the categories of 2")]
)
def test_sizes_that_are_none_are_found_at_load(saver: Any, sizes: list[int], message: str) -> None:
    folder = saver.stage("", "feature.OneHotEncoderModel", {"inputCol": "i", "outputCol": "o"})
    saver.data(folder, {"categorySizes": pa.array([sizes], pa.list_(pa.int32()))})
    with pytest.raises(ModelBroken, match=message):
        load(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"counts": [1.0]}, "do not belong together"),
        ({"counts": [0.0, 2.0]}, "do not belong together"),
        ({"categories": [0.0, 1.0]}, "do not belong together"),
        ({"stats": None}, "are not lists of doubles"),
        ({"index": None}, "index does not hold numbers"),
        ({"index": 1}, r"1 input columns, but categories of the columns \[1\]"),
    ],
)
def test_means_that_are_none_are_found_at_load(saver: Any, change: dict[str, Any], message: str) -> None:
    folder = saver.stage("", "feature.TargetEncoderModel", {"inputCol": "i", "outputCol": "o"})
    row = {"index": 0, "categories": [2147483647.0, 0.0], "counts": [3.0, 2.0], "stats": [1.0, 1.0]} | change
    types = {"index": pa.int32()} | dict.fromkeys(("categories", "counts", "stats"), pa.list_(pa.float64()))
    saver.data(folder, {name: pa.array([row[name]], kind) for name, kind in types.items()})
    with pytest.raises(ModelBroken, match=message):
        load(folder)
