"""The repository, which cannot ask the engine, reads the same inputs and outputs from what Spark saved."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from model_files import files_in

from catenary.errors import ModelBroken
from repository.formats import Signature
from repository.formats.spark import Spark
from runtimes.spark_local import load

OUTPUTS = {"rawPredictionCol": "raw", "probabilityCol": "", "predictionCol": "prediction", "leafCol": "leaf"}


def agree(folder: Path) -> Signature:
    """The signature, once both have found the same."""
    engine = load(folder)
    found = Spark().signature(files_in(folder))
    assert found == Signature(tuple(engine.inputs), tuple(engine.outputs))
    return found


def test_a_pipeline_with_a_label(saver: Any) -> None:
    folder = saver.pipeline(
        lambda name: saver.indexer(name, inputCol="answer", outputCol="answer_index"),
        lambda name: saver.indexer(name, inputCol="city", outputCol="city_index"),
        lambda name: saver.assembler(name, inputCols=["city_index", "age"]),
        lambda name: saver.scaler(name),
        lambda name: saver.forest(name, featuresCol="scaled", labelCol="answer_index", **OUTPUTS),
        lambda name: saver.to_string(name, inputCol="prediction", outputCol="word", labels=["no", "yes"]),
    )
    assert agree(folder) == Signature(("city", "age"), ("raw", "leaf", "word"))


def test_stages_that_are_saved_alone(saver_class: Any, tmp_path: Path) -> None:
    alone = (
        ("indexer", {}),
        ("assembler", {}),
        ("scaler", {}),
        ("to_string", {"labels": ["no"]}),
        ("forest", OUTPUTS),
    )
    for make, params in alone:
        assert agree(getattr(saver_class(tmp_path / make), make)(**params)).outputs


@settings(max_examples=25, suppress_health_check=list(HealthCheck), deadline=None)
@given(data=st.data())
def test_pipelines_of_any_columns(
    saver_class: Any, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    saver = saver_class(tmp_path_factory.mktemp("any") / "model")
    there, makes = ["a", "b", "label"], [partial(saver.indexer, inputCol="a", outputCol="label")]
    for at in range(data.draw(st.integers(0, 4))):
        taken = data.draw(st.lists(st.sampled_from(there), min_size=1, max_size=3, unique=True))
        params: dict[str, Any] = {"inputCols": taken, "outputCol": f"c{at}"}
        if data.draw(st.booleans()):
            makes.append(partial(saver.assembler, **params))
            there.append(f"c{at}")
        else:
            made = [f"c{at}{column}" for column in taken]
            params |= {"outputCols": made, "thresholds": [0.5] * len(taken)}
            makes.append(lambda name, given=params: saver.stage(name, "feature.Binarizer", given))
            there += made
    makes.append(partial(saver.forest, featuresCol=data.draw(st.sampled_from(["features", "a", there[-1]])), **OUTPUTS))
    folder = saver.pipeline(*makes)
    try:
        agree(folder)
    except ModelBroken:
        reject()
