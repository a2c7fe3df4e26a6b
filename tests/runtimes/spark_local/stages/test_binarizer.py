"""Binarizer: numbers that JSON writes without a point, and columns whose type is known."""

from __future__ import annotations

from typing import Any

import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


@pytest.mark.parametrize("more_rows", [0, 20])
def test_a_whole_number_is_taken_for_a_double(saver: Any, more_rows: int) -> None:
    model = load(saver.stage("", "feature.Binarizer", {"inputCol": "x", "outputCol": "y", "threshold": 2.5}))
    assert [row["y"] for row in model.transform([{"x": 3}, {"x": 2}] + [{"x": 0.0}] * more_rows)][:2] == [1.0, 0.0]
    with pytest.raises(InvalidInput, match="row 1: the column 'x' should be a number, not a boolean"):
        model.transform([{"x": 3}, {"x": True}] + [{"x": 0.0}] * more_rows)


def test_text_of_a_stage_before_it_is_found_at_load(saver: Any) -> None:
    folder = saver.pipeline(
        lambda name: saver.to_string(name, labels=["a", "b"]),
        lambda name: saver.stage(name, "feature.Binarizer", {"inputCol": "label", "outputCol": "y"}),
    )
    with pytest.raises(ModelBroken, match="takes 'label' as number or vector, but it is string"):
        load(folder)
