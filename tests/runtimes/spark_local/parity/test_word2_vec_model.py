"""Word2Vec held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import drawn

pytestmark = pytest.mark.jvm


def test_means(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Word2Vec

    words = st.lists(st.one_of(st.sampled_from("abcdefgh"), st.sampled_from(["é", "", "rare"])), max_size=12)
    texts = [(found,) for found in drawn(words, 150)]
    train = frame("w array<string>", texts)
    stages = [
        Word2Vec(inputCol="w", outputCol=f"o{size}", vectorSize=size, minCount=least, seed=3).fit(train)
        for size, least in ((3, 0), (40, 100))
    ]
    texts += [([],), ([None, "a", None],), (["unknown"],), (["a"] * 1000,)]
    parity.check(PipelineModel(stages), frame("w array<string>", texts))


def test_null_is_refused(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import Word2Vec

    model = Word2Vec(inputCol="w", outputCol="o", vectorSize=2, minCount=0).fit(frame("w array<string>", [(["a"],)]))
    parity.check_refused(model, frame("w array<string>", [(None,)]))
