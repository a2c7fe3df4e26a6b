"""Classifiers inside one another, and labels that training knew."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load

LABELS = json.dumps({"ml_attr": {"vals": ["no", "yes"], "type": "nominal", "name": "label"}})


def model(saver: Any, name: str = "", member: Any = None, **params: Any) -> Path:
    extras = {"numClasses": 2, "labelMetadata": LABELS}
    folder: Path = saver.stage(name, "classification.OneVsRestModel", {"featuresCol": "features"} | params, **extras)
    inside = f"{name}/" if name else ""
    saver.forest(f"{inside}model_0", featuresCol="other", leafCol="leaf")
    (member or saver.forest)(f"{inside}model_1")
    return folder


def test_only_the_raw_score_of_each_class_is_asked_for(saver: Any) -> None:
    (answer,) = load(model(saver)).transform([{"features": [1.0, -2.0]}])
    assert answer == {"features": [1.0, -2.0], "rawPrediction": [0.75, 0.75], "prediction": 0.0}


def test_a_file_without_raw_scores_among_its_columns_makes_none(saver: Any) -> None:
    (answer,) = load(model(saver, rawPredictionCol="")).transform([{"features": [1.0, -2.0]}])
    assert answer == {"features": [1.0, -2.0], "prediction": 0.0}


def test_labels_that_training_knew_travel_with_the_prediction(saver: Any) -> None:
    folder = saver.pipeline(
        lambda name: model(saver, name),
        lambda name: saver.to_string(name, inputCol="prediction", outputCol="answer"),
    )
    assert load(folder).transform([{"features": [1.0, -2.0]}])[0]["answer"] == "no"


def test_what_is_no_classifier_is_found_at_load(saver: Any) -> None:
    with pytest.raises(ModelBroken, match="model_1 is not a classifier"):
        load(model(saver, member=saver.scaler))
