"""What holds for every example: its request and its response have the columns that its signature promises."""

from __future__ import annotations

import pytest

SPARK_OUTPUTS = ["scaledFeatures", "rawPrediction", "probability", "prediction", "predictionLabel"]


@pytest.mark.parametrize("model", ["custom/pm_scikit", "scikit/iris", "scikit/wine"])
def test_metadata_names_the_model_and_the_columns_of_its_examples(read, model):
    metadata, request, response = (read(f"{model}/{name}.json") for name in ("metadata", "request", "response"))
    assert metadata["model"] == model.split("/")[1]
    for row, answer in zip(request, response, strict=True):
        assert list(row) == metadata["inputs"]
        assert list(answer) == metadata["inputs"] + metadata["outputs"]


def test_pm_spark_takes_what_pm_scikit_answers(read):
    assert read("spark/pm_spark/request.json") == read("custom/pm_scikit/response.json")
    for row, answer in zip(read("spark/pm_spark/request.json"), read("spark/pm_spark/response.json"), strict=True):
        assert list(answer) == list(row) + SPARK_OUTPUTS
        assert {name: answer[name] for name in row} == row


def test_text_lr_adds_its_columns_to_the_row(read):
    for row, answer in zip(read("spark/text_lr/request.json"), read("spark/text_lr/response.json"), strict=True):
        assert list(answer) == [*row, "words", "counts", "features", "rawPrediction", "probability", "prediction"]
        assert {name: answer[name] for name in row} == row


def test_the_pump_is_no_phone_and_the_phone_is_itself(read):
    assert [row["predictionLabel"] for row in read("spark/pm_spark/response.json")] == ["no", "yes"]


@pytest.mark.parametrize("model", ["custom/pm_scikit", "scikit/iris", "scikit/wine", "spark/pm_spark", "spark/text_lr"])
def test_a_model_says_what_it_is(models, model):
    assert (models / model / "README.md").read_text(encoding="utf-8").startswith(f"# {model.split('/')[1]}\n")
