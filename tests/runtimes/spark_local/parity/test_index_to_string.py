"""IndexToString held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import pytest
from spark_parity import INF, NAN

pytestmark = pytest.mark.jvm


def test_cuts_the_index(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import IndexToString

    model = IndexToString(inputCol="i", outputCol="t", labels=["a", "b", ""])
    parity.check(model, frame("i double", [(0.0,), (-0.0,), (-0.9,), (0.9,), (1.0,), (2.999,)]))
    parity.check(model, frame("i integer", [(0,), (2,)]))


@pytest.mark.parametrize("index", [-1.0, 3.0, NAN, INF, -INF, 1e300, None])
def test_refuses_what_is_no_index(frame: Any, parity: Any, index: float | None) -> None:
    from pyspark.ml.feature import IndexToString

    model = IndexToString(inputCol="i", outputCol="t", labels=["a", "b", "c"])
    parity.check_refused(model, frame("i double", [(index,)]))


@pytest.mark.parametrize("handle_invalid", ["error", "keep"])
def test_takes_the_labels_of_the_column(frame: Any, parity: Any, handle_invalid: str) -> None:
    from pyspark.ml import Pipeline
    from pyspark.ml.feature import IndexToString, StringIndexer

    indexer = StringIndexer(inputCol="t", outputCol="i", handleInvalid=handle_invalid)
    model = Pipeline(stages=[indexer, IndexToString(inputCol="i", outputCol="back")])
    seen = frame("t string", [("a",), ("b",), ("b",)])
    parity.check(model.fit(seen), frame("t string", [("a",), ("new",)]) if handle_invalid == "keep" else seen)


def test_refuses_to_be_without_labels(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import IndexToString

    parity.check_refused(IndexToString(inputCol="i", outputCol="t"), frame("i double", [(0.0,)]))
