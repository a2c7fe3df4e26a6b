"""Data frames to hold the engine against Spark with, one JVM for all."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spark_coverage
from spark_parity import ODD, Coverage, Parity

_left_out: list[pytest.Item] = []


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """The first test of each file is the quick one of its stage, the others are `thorough`."""
    begun: set[Path] = set()
    for item in items:
        if item.path.parent == Path(__file__).parent:
            if item.path in begun:
                item.add_marker("thorough")
            begun.add(item.path)


def pytest_deselected(items: Sequence[pytest.Item]) -> None:
    _left_out.extend(items)


@pytest.fixture(scope="session")
def coverage(request: pytest.FixtureRequest) -> Iterator[Coverage]:
    """What has been held against Spark so far in this run. With CATENARY_GOLDEN=update a full one writes the page."""
    found = Coverage()
    yield found
    if os.environ.get("CATENARY_GOLDEN") == "update" and _is_full(request.session):
        spark_coverage.PAGE.write_text(spark_coverage.updated(spark_coverage.PAGE.read_text(), found))


def _is_full(session: pytest.Session) -> bool:
    """Whether every parity test was asked for, in this one process, and none failed."""
    if "PYTEST_XDIST_WORKER" in os.environ:
        return False
    folder = Path(__file__).parent
    ran = {item.path for item in session.items}
    left_out = any(item.path.parent == folder for item in _left_out) or any(
        "::" in word for word in session.config.args
    )
    return not session.testsfailed and not left_out and ran.issuperset(folder.glob("test_*.py"))


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
    """Labelled vectors of five numbers: dense, sparse, ties, zeros of both signs and explicit ones, infinities, NaN."""
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(7)
    rows = []
    for index in range(200):
        numbers = random.normal(size=5).round(1)
        numbers[random.integers(5)] = random.choice(ODD) if index % 3 == 0 else 0.0
        numbers[4] = random.integers(4)
        filled = [(place, number) for place, number in enumerate(numbers) if number != 0.0 or index % 4 == 1]
        vector = Vectors.sparse(5, filled) if index % 2 else Vectors.dense(numbers)
        rows.append((vector, float(numbers[0] + numbers[1] > 0.3) + float(numbers[4] == 2)))
    return frame("features vector, label double", rows)
