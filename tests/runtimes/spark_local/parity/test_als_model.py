"""ALS held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("strategy", ["nan", "drop"])
def test_known_and_unknown_ids(frame: Any, parity: Any, strategy: str) -> None:
    from pyspark.ml.recommendation import ALS

    random = np.random.default_rng(6)
    pairs = random.integers(-3, 9, size=(60, 2)).tolist()
    data = frame("user integer, item long, rating float", [(u, i, float(random.normal())) for u, i in pairs])
    model = ALS(rank=7, maxIter=2, seed=1, coldStartStrategy=strategy, itemCol="item").fit(data)
    asked = [(user, item) for user in range(-4, 12) for item in range(-4, 11)]
    answer = parity.check(model, frame("user integer, item long", asked))
    assert (len(answer) == len(asked)) == (strategy == "nan")
    if strategy == "nan":
        for columns, row in (("long", (None, 1)), ("long", (1, 2**31)), ("double", (1, 1.5))):
            parity.check_refused(model, frame(f"user long, item {columns}", [row]))
