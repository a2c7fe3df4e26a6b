"""StringIndexer held against Spark's own: to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import ODD

pytestmark = pytest.mark.jvm


@pytest.mark.parametrize("handle_invalid", ["keep", "skip"])
def test_text(frame: Any, parity: Any, handle_invalid: str) -> None:
    from pyspark.ml.feature import StringIndexer

    model = StringIndexer(inputCol="t", outputCol="i", handleInvalid=handle_invalid)
    model = model.fit(frame("t string", [("a",), ("b",), ("b",), ("é",), ("",), ("1",), ("NaN",)]))
    parity.check(model, frame("t string", [("a",), ("é",), ("e\u0301",), (None,), ("",), ("A",), ("1.0",), ("NaN",)]))


@pytest.mark.parametrize("handle_invalid", ["keep", "skip"])
def test_numbers_cast_as_java_writes_them(frame: Any, parity: Any, handle_invalid: str) -> None:
    from pyspark.ml.feature import StringIndexer

    random = np.random.default_rng(3)
    doubles = [*ODD, *random.normal(size=50), *(10.0 ** random.integers(-20, 20, 30)), *np.arange(5.0), 1e7, 1e-3]
    rows = [(float(value), int(value) if abs(value) < 1e9 else 0) for value in doubles]
    model = StringIndexer(inputCols=["d", "n"], outputCols=["di", "ni"], handleInvalid=handle_invalid)
    model = model.fit(frame("d double, n long", rows))
    parity.check(model, frame("d double, n long", [*rows, (None, 1), (2.0, None), (0.25, 7), (9e9, 10**15 + 1)]))


def test_several_columns_of_which_one_is_absent(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import StringIndexer

    both = frame("s string, t string", [("a", "x"), ("b", "y"), ("b", "x")])
    model = StringIndexer(inputCols=["s", "t"], outputCols=["si", "ti"]).fit(both)
    parity.check(model, both.select("t"))


@pytest.mark.parametrize("text", ["new", None])
def test_refuses_what_is_unseen_or_null(frame: Any, parity: Any, text: str | None) -> None:
    from pyspark.ml.feature import StringIndexer

    model = StringIndexer(inputCol="t", outputCol="i").fit(frame("t string", [("a",)]))
    parity.check_refused(model, frame("t string", [("a",), (text,)]))


def test_refuses_booleans(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import StringIndexer

    model = StringIndexer(inputCol="t", outputCol="i", handleInvalid="keep").fit(frame("t string", [("true",)]))
    parity.check_refused(model, frame("t boolean", [(True,)]))
