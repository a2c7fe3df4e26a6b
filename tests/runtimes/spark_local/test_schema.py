"""What is known of a pipeline's columns before a row comes, and stages that do not fit one another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


def test_inputs_and_outputs_leave_out_the_label_and_what_is_used_up(labelled: Path) -> None:
    model = load(labelled)
    assert tuple(model.inputs) == ("features",)
    assert tuple(model.outputs) == ("rawPrediction", "probability", "leaf", "word")
    assert not model.drops_rows


def test_a_column_that_a_later_stage_needs_is_asked_for_by_the_callers_name(saver: Any) -> None:
    model = load(
        saver.pipeline(
            lambda name: saver.indexer(name),
            lambda name: saver.assembler(name, inputCols=["index", "x"]),
        )
    )
    assert tuple(model.inputs) == ("text", "x")
    with pytest.raises(InvalidInput, match="row 0: the column 'text' is missing"):
        model.transform([{"x": 1.0}])


def test_labels_that_nobody_tells_are_missed_at_load(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="no stage before it tells those of 'index'"):
        load(saver.to_string())


def test_two_stages_may_not_make_the_same_column(saver: Any) -> None:
    folder = saver.pipeline(lambda name: saver.scaler(name), lambda name: saver.scaler(name))
    with pytest.raises(ModelBroken, match="'scaled', which is there already"):
        load(folder)


def test_stages_have_to_spell_a_column_alike(saver: Any) -> None:
    folder = saver.pipeline(lambda name: saver.assembler(name), lambda name: saver.scaler(name, inputCol="Features"))
    with pytest.raises(ModelBroken, match="takes 'Features', which a stage before it spells 'features'"):
        load(folder)
