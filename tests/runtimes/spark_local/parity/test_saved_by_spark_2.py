"""Spark 4.3 reads the formats of Spark 2 too, and answers what the committed saves say that it answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from spark_parity import difference
from spark_reader import answers, data_frame, load_model
from spark_saves import NOT_BY_4_3, SAVES, named, unpacked

pytestmark = pytest.mark.jvm

# Those of 2.3 differ from today's in their metadata, all in the same way, but for FPGrowth
CHANGED = [
    path
    for path in SAVES
    if path.parent.name in ("2.0", "2.1", "2.2", "2.4") or named(path) == "2.3/FPGrowthModel"
    if named(path) not in NOT_BY_4_3
]


@pytest.mark.parametrize("path", CHANGED, ids=named)
def test_spark_reads_it_too(path: Path, spark: Any, tmp_path: Path) -> None:
    save = unpacked(path, tmp_path)
    found = answers(load_model(save.model), data_frame(spark, save.columns, save.rows))
    assert difference(found, save.expected) <= 1e-13
