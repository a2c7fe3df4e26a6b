"""Numbers cast to text as Java casts them."""

from __future__ import annotations

import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.spark_local.values import text


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (100.0, "100.0"),
        (-1234.5, "-1234.5"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (9999999.0, "9999999.0"),
        (1e7, "1.0E7"),
        (1.25e10, "1.25E10"),
        (5e-324, "4.9E-324"),
        (1.7976931348623157e308, "1.7976931348623157E308"),
        (math.nan, "NaN"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (7, "7"),
        (-(10**15), "-1000000000000000"),
    ],
)
def test_a_number_is_written_as_java_writes_it(value: float, written: str) -> None:
    assert text(value) == written


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_what_is_written_reads_back_and_has_javas_form(value: float) -> None:
    written = text(value)
    assert float(written) == value
    assert math.copysign(1.0, float(written)) == math.copysign(1.0, value)
    plain = value == 0.0 or 1e-3 <= abs(value) < 1e7
    form = r"-?(0|[1-9]\d*)\.(0|\d*[1-9])" if plain else r"-?[1-9]\.(0|\d*[1-9])E-?[1-9]\d*"
    assert re.fullmatch(form, written)
    assert len(re.sub(r"E.*|\D", "", written).strip("0")) <= 17


@pytest.mark.jvm
def test_java_writes_random_doubles_the_same(spark: Any) -> None:
    """Java 17 writes a few with more digits than needed; those read back as the same double all the same."""
    import random

    chosen = random.Random(5)
    doubles = [chosen.uniform(-1, 1) * 10.0 ** chosen.randint(-30, 30) for _ in range(2000)]
    rows = spark.createDataFrame([(value,) for value in doubles], "d double").selectExpr("d", "cast(d as string) s")
    answers = [(row.d, row.s) for row in rows.collect()]
    assert all(float(written) == value for value, written in answers)
    longer = [written for value, written in answers if text(value) != written]
    assert all(len(written) > len(text(float(written))) for written in longer)
    assert len(longer) < len(doubles) / 20
