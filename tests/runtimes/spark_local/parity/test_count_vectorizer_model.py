"""CountVectorizer held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import drawn

pytestmark = pytest.mark.jvm


def test_counts(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import CountVectorizer, CountVectorizerModel

    words = st.lists(st.one_of(st.sampled_from(["a", "b", "c", "é", ""]), st.text("xy", max_size=3)), max_size=9)
    texts = [(found,) for found in drawn(words, 300)]
    fitted = CountVectorizer(inputCol="w", outputCol="fitted", vocabSize=8, minDF=3).fit(
        frame("w array<string>", texts)
    )
    stages = [fitted]
    for least, binary in [(1.0, True), (2.0, False), (0.2, False), (0.34, True), (0.0, False), (2.5, True)]:
        stages.append(
            CountVectorizerModel.from_vocabulary(["a", "é", "x", "never", ""], "w", f"o{len(stages)}")
            .setMinTF(least)
            .setBinary(binary)
        )
    texts += [([],), ([None, "a"],), (["a"] * 5 + [None] * 10,)]
    parity.check(PipelineModel(stages), frame("w array<string>", texts))


def test_null_is_refused(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import CountVectorizerModel

    parity.check_refused(CountVectorizerModel.from_vocabulary(["a"], "w", "o"), frame("w array<string>", [(None,)]))
