"""What Spark itself makes of a save of `spark_saves`: for those that hold the engine, or the saves, against it."""

from __future__ import annotations

import json
import warnings
from importlib import import_module
from pathlib import Path
from typing import Any

from spark_parity import plain_row

Row = dict[str, Any]


def data_frame(spark: Any, columns: str, rows: list[Row]) -> Any:
    """Plain rows as a data frame; `columns`: names and types as DDL has them, where `vector` is Spark's own."""
    from pyspark.ml.linalg import VectorUDT
    from pyspark.sql.types import StructType

    schema = StructType()
    for column in columns.split(", "):
        name, kind = column.split()
        sql = "" if kind == "vector" else spark.createDataFrame([], f"c {kind}").schema["c"].dataType
        schema = schema.add(name, sql or VectorUDT())
    vectors = [column.name for column in schema if isinstance(column.dataType, VectorUDT)]
    given = [tuple((row | {name: _vector(row[name]) for name in vectors}).values()) for row in rows]
    return spark.createDataFrame(given, schema).cache()  # else each look at it starts a Python process


def load_model(folder: Path) -> Any:
    """The stage that was saved in `folder`, of whichever class."""
    metadata = next((folder / "metadata").glob("part-*")).read_text()
    module, _, name = json.loads(metadata)["class"].replace("org.apache.spark", "pyspark").rpartition(".")
    return getattr(import_module(module), name).load(str(folder))


def answers(model: Any, frame: Any) -> list[Row]:
    """The rows that Spark answers. A distributed LDA model, which answers by chance, is asked as its local one."""
    model = model.toLocal() if type(model).__name__ == "DistributedLDAModel" else model
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=UserWarning, module=r"pyspark\.")
        return [plain_row(row) for row in model.transform(frame).collect()]


def _vector(value: Any) -> Any:
    from pyspark.ml.linalg import Vectors

    if isinstance(value, dict):
        return Vectors.sparse(value["size"], value["indices"], value["values"])
    return value if value is None else Vectors.dense(value)
