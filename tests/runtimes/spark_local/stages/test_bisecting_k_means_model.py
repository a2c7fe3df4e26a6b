"""BisectingKMeansModel: the format before 3.0, which names no measure, and trees that are none."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load

NODES: list[tuple[int, list[float], list[int]]] = [
    (-1, [0.0], [-2, 2]),
    (-2, [-1.0], [0, 1]),
    (2, [4.0], []),
    (0, [-2.0], []),
    (1, [0.0], []),
]


def tree(saver: Any, nodes: list[tuple[int, list[float], list[int]]], **about: Any) -> Any:
    params = {"featuresCol": "v", "predictionCol": "cluster"}
    folder = saver.stage("", "clustering.BisectingKMeansModel", params)
    old = {"class": "org.apache.spark.mllib.clustering.BisectingKMeansModel", "version": "1.0", "rootId": -1}
    (folder / "data" / "metadata").mkdir(parents=True)
    (folder / "data" / "metadata" / "part-00000").write_text(json.dumps(old | about) + "\n")
    columns = {
        "index": pa.array([index for index, _, _ in nodes], pa.int32()),
        "center": saver.vectors(*(center for _, center, _ in nodes)),
        "norm": pa.array([abs(center[0]) for _, center, _ in nodes]),
        "children": pa.array([children for _, _, children in nodes], pa.list_(pa.int32())),
    }
    saver.data(folder / "data", columns)
    return folder


@pytest.mark.parametrize("nodes", [NODES, NODES[::-1]])
def test_the_way_goes_to_the_nearer_child_and_of_two_to_the_first(saver: Any, nodes: Any) -> None:
    model = load(tree(saver, nodes))
    found = {x: model.transform([{"v": [x]}])[0]["cluster"] for x in (-9.0, -1.0, -0.9, 1.4, 1.5, 1.6, 9.0)}
    assert found == {-9.0: 0, -1.0: 0, -0.9: 1, 1.4: 1, 1.5: 1, 1.6: 2, 9.0: 2}


@pytest.mark.parametrize(
    ("nodes", "message"),
    [
        (NODES[:-1], "no node 1,"),
        ([(-1, [0.0], [0, 0]), (0, [1.0], [])], "no node 0, or two parents"),
        ([(-1, [0.0], [-1])], "no node -1, or two parents"),
        ([(-1, [0.0], [])], "no node -1"),
        ([(-1, [0.0], [0]), (0, [1.0, 2.0], [])], "not of one size"),
    ],
)
def test_a_tree_that_is_none_is_found_at_load(saver: Any, nodes: Any, message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(tree(saver, nodes))


@pytest.mark.parametrize("root", [None, [], "-1", 3])
def test_a_root_that_is_none_is_found_at_load(saver: Any, root: Any) -> None:
    with pytest.raises(ModelBroken, match="its tree has no node"):
        load(tree(saver, NODES, rootId=root))


def test_another_measure_is_found_at_load(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="distanceMeasure is 'manhattan', neither euclidean nor cosine"):
        load(tree(saver, NODES, distanceMeasure="manhattan"))
