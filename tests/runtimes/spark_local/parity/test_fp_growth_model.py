"""FPGrowth held against Spark's own: the same items, in any order."""

from __future__ import annotations

from typing import Any

import pytest

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("of", ["string", "bigint"])
def test_rules(spark: Any, parity: Any, of: str) -> None:
    from pyspark.ml.fpm import FPGrowth

    baskets = ["abc", "abd", "acd", "ab", "bc", "abcd", "e", "ae", "abe", "d"]
    rows = [([item if of == "string" else ord(item) for item in basket],) for basket in baskets]
    data = spark.createDataFrame(rows, f"items array<{of}>")
    asked = spark.createDataFrame(
        [*rows, ([],), (None,), ([None, rows[0][0][0]],), (rows[0][0] * 2,)], f"items array<{of}>"
    )
    for least in (0.0, 0.5, 0.8, 1.0):
        model = FPGrowth(minSupport=0.2, minConfidence=least).fit(data)
        parity.check(model, asked, unordered="prediction")
