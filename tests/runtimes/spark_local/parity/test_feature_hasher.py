"""FeatureHasher held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import ODD, drawn

pytestmark = pytest.mark.jvm


def test_numbers_categories_and_collisions(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import FeatureHasher

    columns = ["d", "n", "s", "b", "größe"]
    stages = [
        FeatureHasher(inputCols=columns, outputCol=f"o{size}{at}", numFeatures=size, categoricalCols=categorical)
        for size in (1 << 18, 3, 1)
        for at, categorical in enumerate([[], ["d", "n"], ["s", "n", "other"]])
    ]
    # 1.0E23 is written in another way by the JDK that the tests run on
    doubles = st.one_of(st.none(), st.sampled_from([odd for odd in ODD if odd != 1e23]), st.integers(-9, 9).map(float))
    whole = st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1), st.integers(-2, 2))
    texts = st.one_of(st.none(), st.text("a=é😀", max_size=3))
    rows = drawn(st.tuples(doubles, whole, texts, st.sampled_from([None, True, False]), texts), 400)
    parity.check(PipelineModel(stages), frame("d double, n bigint, s string, b boolean, größe string", rows))


def test_lists_are_refused(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import FeatureHasher

    parity.check_refused(FeatureHasher(inputCols=["a"], outputCol="o"), frame("a array<string>", [(["x"],)]))
