"""The layers of Spark 2.x, which stand beside the weights."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load

CLASS = "classification.MultilayerPerceptronClassificationModel"


def weights(saver: Any, n: int) -> pa.Array:
    return pa.array([{"type": 1, "values": [float(at) for at in range(n)]}], saver.vector_type)


def test_layers_of_spark_2_are_those_in_the_data(saver: Any) -> None:
    folder = saver.stage("", CLASS, {})
    saver.data(folder, {"layers": pa.array([[2, 2]]), "weights": weights(saver, 6)})
    (answer,) = load(folder).transform([{"features": [1.0, 10.0]}])
    assert answer["rawPrediction"] == [0.0 + 20.0 + 4.0, 1.0 + 30.0 + 5.0]  # column by column, then the biases
    assert answer["prediction"] == 1.0


@pytest.mark.parametrize("layers", [[2], [2, 0], [2, 3], []])
def test_layers_that_the_weights_do_not_fit_are_found_at_load(saver: Any, layers: list[int]) -> None:
    folder = saver.stage("", CLASS, {"layers": layers})
    saver.data(folder, {"weights": weights(saver, 6)})
    with pytest.raises(ModelBroken, match="layers"):
        load(folder)
