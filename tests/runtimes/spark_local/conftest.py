"""Saved models to test with: written by hand in Spark's format."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from spark_parity import same

Row = dict[str, Any]

VECTOR = pa.struct(
    [
        ("type", pa.int8()),
        ("size", pa.int32()),
        ("indices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
    ]
)
SPLIT = pa.struct(
    [("featureIndex", pa.int32()), ("leftCategoriesOrThreshold", pa.list_(pa.float64())), ("numCategories", pa.int32())]
)
NODE = pa.struct(
    [
        ("id", pa.int32()),
        ("prediction", pa.float64()),
        ("impurity", pa.float64()),
        ("impurityStats", pa.list_(pa.float64())),
        ("rawCount", pa.int64()),
        ("gain", pa.float64()),
        ("leftChild", pa.int32()),
        ("rightChild", pa.int32()),
        ("split", SPLIT),
    ]
)


MATRIX = pa.struct(
    [
        ("type", pa.int8()),
        ("numRows", pa.int32()),
        ("numCols", pa.int32()),
        ("colPtrs", pa.list_(pa.int32())),
        ("rowIndices", pa.list_(pa.int32())),
        ("values", pa.list_(pa.float64())),
        ("isTransposed", pa.bool_()),
    ]
)


class Saver:
    """Writes stages as Spark 4 does, into one folder."""

    vector_type, matrix_type, node_type = VECTOR, MATRIX, NODE

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def stage(self, name: str, class_name: str, params: Row, /, **extras: Any) -> Path:
        """The metadata of a stage in the sub-folder `name`, which may be empty."""
        folder = self.folder / name
        (folder / "metadata").mkdir(parents=True)
        metadata = {"class": f"org.apache.spark.ml.{class_name}", "timestamp": 0, "sparkVersion": "4.3.0"}
        metadata |= {"uid": name.partition("_")[2] or "stage", "paramMap": params, "defaultParamMap": {}}
        (folder / "metadata" / "part-00000").write_text(json.dumps(metadata | extras) + "\n")
        return folder

    def data(self, folder: Path, columns: dict[str, pa.Array], name: str = "data", part: int = 0) -> None:
        (folder / name).mkdir(exist_ok=True)
        file = folder / name / f"part-{part:05d}-c000.snappy.parquet"
        pq.write_table(pa.table(columns), file, write_page_checksum=True)

    def vectors(self, *rows: Sequence[float]) -> pa.Array:
        """A column of dense vectors."""
        return pa.array([{"type": 1, "values": list(row)} for row in rows], VECTOR)

    def indexer(self, name: str = "", labels: tuple[tuple[str, ...], ...] = (("a", "b"),), **params: Any) -> Path:
        folder = self.stage(name, "feature.StringIndexerModel", {"inputCol": "text", "outputCol": "index"} | params)
        self.data(folder, {"labelsArray": pa.array([labels], pa.list_(pa.list_(pa.string())))})
        return folder

    def to_string(self, name: str = "", **params: Any) -> Path:
        return self.stage(name, "feature.IndexToString", {"inputCol": "index", "outputCol": "label"} | params)

    def assembler(self, name: str = "", **params: Any) -> Path:
        given = {"inputCols": ["x", "y"], "outputCol": "features"} | params
        return self.stage(name, "feature.VectorAssembler", given)

    def scaler(self, name: str = "", std: tuple[float, ...] = (2.0, 0.0), **params: Any) -> Path:
        given = {"inputCol": "features", "outputCol": "scaled"} | params
        folder = self.stage(name, "feature.StandardScalerModel", given)
        self.data(folder, {"std": self.vectors(std), "mean": self.vectors([1.0] * len(std))})
        return folder

    def forest(self, name: str = "", trees: list[list[Row]] | None = None, **params: Any) -> Path:
        trees = [self.stump(0, 0.5), self.stump(1, -1.0)] if trees is None else trees
        given = {"featuresCol": "features", "labelCol": "label"} | params
        sizes = {"numFeatures": 2, "numClasses": len(trees[0][-1]["impurityStats"]), "numTrees": len(trees)}
        folder = self.stage(name, "classification.RandomForestClassificationModel", given, **sizes)
        numbers = pa.array(range(len(trees)), pa.int32())
        weights = pa.array([1.0] * len(trees))
        described = {"treeID": numbers, "metadata": pa.array(["{}"] * len(trees)), "weights": weights}
        self.data(folder, described, "treesMetadata")
        # Backwards and in two part files: order is not to be relied on
        nodes = [(number, node) for number, tree in enumerate(trees) for node in tree][::-1]
        for part, some in enumerate((nodes[::2], nodes[1::2])):
            columns = {
                "treeID": pa.array([number for number, _ in some], pa.int32()),
                "nodeData": pa.array([node for _, node in some], NODE),
            }
            self.data(folder, columns, part=part)
        return folder

    def pipeline(self, *stages: Callable[[str], object]) -> Path:
        """Each of `stages` is given the name that it is to have."""
        uids = [f"stage{index}" for index in range(len(stages))]
        folder = self.stage("", "PipelineModel", {"stageUids": uids})
        for index, stage in enumerate(stages):
            stage(f"stages/{index:0{len(str(len(stages)))}d}_stage{index}")
        return folder

    def stump(self, feature: int, threshold: float) -> list[Row]:
        """A tree of one split: class 0 to the left, three of four for class 1 to the right."""
        test = {"featureIndex": feature, "leftCategoriesOrThreshold": [threshold], "numCategories": -1}
        return [self.split(0, 1, 2, test), self.leaf(1, [5.0, 0.0]), self.leaf(2, [1.0, 3.0])]

    def split(self, number: int, left: int, right: int, test: Row) -> Row:
        return self.leaf(number, [1.0, 1.0]) | {"leftChild": left, "rightChild": right, "split": test}

    def leaf(self, number: int, stats: list[float]) -> Row:
        none = {"featureIndex": -1, "leftCategoriesOrThreshold": [], "numCategories": -1}
        rest = {"prediction": 0.0, "impurity": 0.0, "rawCount": 1, "gain": -1.0, "leftChild": -1, "rightChild": -1}
        return {"id": number, "impurityStats": stats, "split": none} | rest


@pytest.fixture
def saver(tmp_path: Path) -> Saver:
    return Saver(tmp_path / "model")


@pytest.fixture(scope="session")
def saver_class() -> type[Saver]:
    return Saver


@pytest.fixture(name="same")
def equality() -> Callable[..., bool]:
    return same


@pytest.fixture
def labelled(saver: Any) -> Path:
    """As the classic one: an indexer for the label, a scaler, a forest, the label's name for the prediction."""
    return saver.pipeline(
        lambda name: saver.indexer(name, inputCol="answer", outputCol="label"),
        lambda name: saver.scaler(name),
        lambda name: saver.forest(name, featuresCol="scaled", leafCol="leaf"),
        lambda name: saver.to_string(name, inputCol="prediction", outputCol="word", labels=["no", "yes"]),
    )
