"""KMeansModel: centers in several part files, near ties by either path, and data that are none."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load


def kmeans(saver: Any, centers: list[tuple[int, list[float]]], **params: Any) -> Any:
    folder = saver.stage("", "clustering.KMeansModel", {"featuresCol": "v", "predictionCol": "cluster"} | params)
    for part, (index, center) in enumerate(centers):
        columns = {"clusterIdx": pa.array([index], pa.int32()), "clusterCenter": saver.vectors(center)}
        saver.data(folder, columns, part=part)
    return folder


def test_both_paths_give_the_first_of_centers_that_are_equally_near(saver: Any) -> None:
    model = load(kmeans(saver, [(1, [1.0, 0.0]), (0, [-1.0, 0.0])]))
    rows: list[dict[str, object]] = [{"v": [x, y]} for y in (0.0, 3.0, 1e7) for x in (-1e-9, 0.0, 1e-9, 2.0)]
    by_column = [row["cluster"] for row in model.transform(rows)]
    assert by_column == [model.transform([row])[0]["cluster"] for row in rows]
    assert by_column[1::4] == [0, 0, 0]
    assert by_column[3::4] == [1, 1, 1]


@pytest.mark.parametrize(
    ("centers", "message"),
    [
        ([(0, [1.0]), (2, [2.0])], "not the centers of clusters, numbered from 0 on"),
        ([(0, [1.0]), (None, [2.0])], "clusterIdx does not hold numbers"),
        ([(0, [1.0]), (0, [2.0])], "not the centers of clusters, numbered from 0 on"),
        ([(0, [1.0]), (1, [2.0, 3.0])], "not of one size"),
    ],
)
def test_centers_that_are_none_are_found_at_load(saver: Any, centers: Any, message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(kmeans(saver, centers))


def test_a_center_at_no_cosine_distance_is_found_at_load(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="a center is of zeros only"):
        load(kmeans(saver, [(0, [1.0]), (1, [0.0])], distanceMeasure="cosine"))


def test_another_measure_is_found_at_load(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="distanceMeasure is 'manhattan', neither euclidean nor cosine"):
        load(kmeans(saver, [(0, [1.0])], distanceMeasure="manhattan"))
