"""NGram held against Spark's own: to the last character."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import drawn

pytestmark = pytest.mark.jvm


def test_lengths(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import NGram

    stages = [NGram(inputCol="w", outputCol=f"o{n}", n=n) for n in (1, 2, 3, 7)]
    words = st.lists(st.one_of(st.none(), st.text("ab é😀", max_size=3)), max_size=8)
    parity.check(PipelineModel(stages), frame("w array<string>", [([],), *((found,) for found in drawn(words, 200))]))


def test_null_is_refused(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import NGram

    parity.check_refused(NGram(inputCol="w", outputCol="o"), frame("w array<string>", [(None,)]))
