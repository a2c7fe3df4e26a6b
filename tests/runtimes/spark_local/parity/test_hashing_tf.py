"""HashingTF held against Spark's own: to the last bit."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import ODD, drawn, plain_row

from runtimes.spark_local import load

pytestmark = pytest.mark.jvm

SIZES = [(1 << 18, False), (1 << 18, True), (7, False), (1, False), (2**31 - 1, True), (1000, False)]


def hashers(column: str) -> Any:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import HashingTF

    return PipelineModel(
        [
            HashingTF(inputCol=column, outputCol=f"o{at}", numFeatures=n, binary=binary)
            for at, (n, binary) in enumerate(SIZES)
        ]
    )


def test_text(frame: Any, parity: Any) -> None:
    words = st.one_of(
        st.sampled_from(["a", "b", "", "é", "😀", "漢字", None]), st.text(max_size=9), st.text("äüß€", max_size=7)
    )
    rows = [([],), ([None],), (["x"] * 300,), *((terms,) for terms in drawn(st.lists(words, max_size=12), 800))]
    parity.check(hashers("t"), frame("t array<string>", rows))


@pytest.mark.parametrize(
    ("element", "values"),
    [
        ("bigint", st.one_of(st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1), st.none())),
        ("double", st.one_of(st.sampled_from(ODD), st.floats(), st.none())),
        ("boolean", st.booleans()),
    ],
)
def test_numbers(frame: Any, parity: Any, element: str, values: Any) -> None:
    rows = [(terms,) for terms in drawn(st.lists(values, max_size=8), 200)]
    parity.check(hashers("t"), frame(f"t array<{element}>", rows))


def test_the_hash_of_spark_2(frame: Any, tmp_path: Path) -> None:
    from pyspark.ml.feature import HashingTF

    path = tmp_path / "model"
    HashingTF(inputCol="t", outputCol="o").save(str(path))
    (metadata,) = (path / "metadata").glob("part-*")
    older = json.loads(metadata.read_text()) | {"sparkVersion": "2.4.8"}
    metadata.write_text(json.dumps(older) + "\n")
    for checksum in path.rglob("*.crc"):
        checksum.unlink()
    rows = [([word],) for word in drawn(st.text("abcé€😀", max_size=8), 300)]
    data = frame("t array<string>", rows)
    expected = [plain_row(row) for row in HashingTF.load(str(path)).transform(data).collect()]
    assert len(expected) == 300
    assert load(path).transform([{"t": words} for (words,) in rows]) == expected


def test_null_is_refused(frame: Any, parity: Any) -> None:
    parity.check_refused(hashers("t"), frame("t array<string>", [(None,)]))
