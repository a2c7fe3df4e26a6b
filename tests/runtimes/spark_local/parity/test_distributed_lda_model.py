"""LDA's distributed model held against Spark's own: within 1e-9 of `toLocal`, near `transform`, which is by chance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from spark_parity import plain_row, same

pytestmark = pytest.mark.jvm


def test_shares(frame: Any, parity: Any) -> None:
    from pyspark.ml.clustering import LDA
    from pyspark.ml.linalg import Vectors

    counts = np.random.default_rng(12).poisson(2.0, size=(30, 9))
    counts[:, 4] = 0  # a word that no document has
    rows = [Vectors.dense(row) if n % 2 else Vectors.sparse(9, list(enumerate(row))) for n, row in enumerate(counts)]
    documents = frame("features vector", [(row,) for row in rows])
    model = LDA(k=3, optimizer="em", maxIter=3, seed=2).fit(documents)
    parity.check(model, documents, relative=1e-3)
    local = [plain_row(row) for row in model.toLocal().transform(documents).collect()]
    ours = parity.load(model).transform([plain_row(row) for row in documents.collect()])
    assert len(local) == len(ours) == 30
    for got, want in zip(ours, local, strict=True):
        assert same(got["topicDistribution"], want["topicDistribution"], 1e-9)
