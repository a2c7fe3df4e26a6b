"""Normalizer held against Spark's own: to the last bit for the norms 1, 2 and Inf, within 1e-9 for the others."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from spark_parity import INF, ODD, drawn

pytestmark = pytest.mark.jvm


@pytest.fixture(scope="module")
def vectors(frame: Any, mixed: Any) -> Any:
    from pyspark.ml.linalg import Vectors

    numbers = st.lists(st.one_of(st.sampled_from(ODD), st.floats(-1e3, 1e3), st.floats()), max_size=6)
    rows = [(Vectors.dense(found),) for found in drawn(numbers, 300)]
    rows += [(Vectors.sparse(9, [1, 4, 8][: len(found)], found[:3]),) for found in drawn(numbers, 100)]
    return frame("features vector", rows).union(mixed.select("features"))


def normalizers(*norms: float) -> Any:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import Normalizer

    return PipelineModel([Normalizer(inputCol="features", outputCol=f"n{p}".replace(".", "_"), p=p) for p in norms])


def test_norms_without_powers(vectors: Any, mixed: Any, parity: Any) -> None:
    parity.check(normalizers(1.0, 2.0, INF), vectors)
    parity.check(normalizers(2.0, 1.0), mixed.limit(60))


def test_norms_of_other_powers(vectors: Any, parity: Any) -> None:
    parity.check(normalizers(1.5, 3.0, 17.0, 1e300), vectors, relative=1e-9)


def test_refuses_null(frame: Any, parity: Any) -> None:
    parity.check_refused(normalizers(2.0), frame("features vector", [(None,)]))
