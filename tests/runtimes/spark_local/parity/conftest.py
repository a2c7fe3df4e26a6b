"""Data frames to hold the engine against Spark with, one JVM for all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from spark_parity import ODD, Coverage, Parity


@pytest.fixture(scope="session")
def coverage() -> Coverage:
    """What has been held against Spark so far in this run."""
    return Coverage()


@pytest.fixture
def parity(spark: Any, tmp_path: Path, coverage: Coverage) -> Parity:
    return Parity(tmp_path, coverage)


@pytest.fixture(scope="session")
def frame(spark: Any) -> Any:
    """Makes a data frame: `frame("name type, …", rows)`, where the type `vector` is Spark's own."""
    from pyspark.ml.linalg import VectorUDT
    from pyspark.sql.types import StructType

    def make(columns: str, rows: list[tuple[Any, ...]]) -> Any:
        schema = StructType()
        for column in columns.split(", "):
            name, kind = column.split()
            schema = schema.add(
                name, VectorUDT() if kind == "vector" else StructType.fromDDL(f"c {kind}")["c"].dataType
            )
        return spark.createDataFrame(rows, schema)

    return make


@pytest.fixture(scope="module")
def mixed(frame: Any) -> Any:
    """Labelled vectors of five numbers: dense and sparse, ties, zeros of both signs, infinities and NaN."""
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(7)
    rows = []
    for index in range(200):
        numbers = random.normal(size=5).round(1)
        numbers[random.integers(5)] = random.choice(ODD) if index % 3 == 0 else 0.0
        numbers[4] = random.integers(4)
        filled = [(place, number) for place, number in enumerate(numbers) if number != 0.0 or index % 4 == 0]
        vector = Vectors.sparse(5, filled) if index % 2 else Vectors.dense(numbers)
        rows.append((vector, float(numbers[0] + numbers[1] > 0.3) + float(numbers[4] == 2)))
    return frame("features vector, label double", rows)
