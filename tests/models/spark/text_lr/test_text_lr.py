from __future__ import annotations

import pytest

from models.spark.text_lr.reviews import make_reviews
from runtimes import spark_local

PARITY_REVIEWS = 200


@pytest.fixture(scope="module")
def text_lr(models):
    return spark_local.load(models / "spark" / "text_lr")


def assert_same(rows, expected):
    """Equal to the last bit, but for the probabilities, which are equal to 1e-9."""
    for row, answer in zip(rows, expected, strict=True):
        assert list(row) == list(answer)
        for column, value in answer.items():
            assert row[column] == (pytest.approx(value, rel=1e-9) if column == "probability" else value), column


def test_the_request_of_the_folder_gets_its_response(text_lr, read):
    assert_same(text_lr.transform(read("spark/text_lr/request.json")), read("spark/text_lr/response.json"))


def test_its_columns_are_a_text_and_what_regression_makes_of_it(text_lr):
    assert {name: field.type for name, field in text_lr.inputs.items()} == {"text": "string"}
    assert list(text_lr.outputs) == ["rawPrediction", "probability", "prediction"]


def test_generated_reviews_are_told_apart(text_lr):
    reviews = list(make_reviews(1000, seed=99))
    answers = text_lr.transform([{"text": review.text} for review in reviews])
    right = sum(review.label == row["prediction"] for review, row in zip(reviews, answers, strict=True))
    assert right / len(reviews) > 0.75


def test_the_folder_is_small_and_holds_no_markers_of_hadoop(models):
    files = [path for folder in ("metadata", "stages") for path in (models / "spark/text_lr" / folder).rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 100_000
    assert not [path.name for path in files if path.suffix == ".crc" or path.name == "_SUCCESS"]


@pytest.mark.jvm
def test_spark_answers_generated_reviews_as_we_do(text_lr, models, spark):
    from pyspark.ml import PipelineModel

    from models.spark.text_lr.train import as_frame, as_plain

    rows = [{"text": review.text} for review in make_reviews(PARITY_REVIEWS, seed=5)]
    saved = PipelineModel.load(str(models / "spark" / "text_lr"))
    expected = [as_plain(row.asDict()) for row in saved.transform(as_frame(spark, rows)).collect()]
    assert len(expected) == PARITY_REVIEWS
    assert_same(text_lr.transform(rows), expected)
    assert_same([text_lr.transform([row])[0] for row in rows], expected)


@pytest.mark.jvm
def test_training_anew_gives_the_same_answers_and_the_figures_of_the_readme(read, models, spark, tmp_path, capsys):
    from models.spark.text_lr.train import train

    train(spark, tmp_path)
    figures = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    readme = (models / "spark" / "text_lr" / "README.md").read_text(encoding="utf-8")
    assert len(figures) > 3
    assert [line for line in figures if f"> {line}\n" not in readme] == []
    anew = spark_local.load(tmp_path).transform(read("spark/text_lr/request.json"))
    assert [row["prediction"] for row in anew] == [row["prediction"] for row in read("spark/text_lr/response.json")]
