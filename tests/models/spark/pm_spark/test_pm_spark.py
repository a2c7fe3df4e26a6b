from __future__ import annotations

import pytest

from models.spark.pm_spark.pairs import make_pairs
from runtimes import spark_local

PARITY_PAIRS = 200


@pytest.fixture(scope="module")
def pm_spark(models):
    return spark_local.load(models / "spark" / "pm_spark")


def assert_same(rows, expected):
    """Equal columns and labels; the numbers that Spark computed equal to 1e-9."""
    for row, answer in zip(rows, expected, strict=True):
        assert list(row) == list(answer)
        for column, value in answer.items():
            computed = column in ("scaledFeatures", "rawPrediction", "probability")
            assert row[column] == (pytest.approx(value, rel=1e-9) if computed else value), column


def test_the_request_of_the_folder_gets_its_response(pm_spark, read):
    assert_same(pm_spark.transform(read("spark/pm_spark/request.json")), read("spark/pm_spark/response.json"))


def test_features_alone_are_enough(pm_spark):
    [answer] = pm_spark.transform([{"features": [0.0] * 31}])
    assert answer["predictionLabel"] in ("no", "yes")


def test_generated_pairs_are_told_apart(pm_spark, pm_scikit):
    pairs = list(make_pairs(1000, seed=99))
    answers = pm_spark.transform(pm_scikit.predict([pair.row for pair in pairs]))
    right = sum(pair.label == row["predictionLabel"] for pair, row in zip(pairs, answers, strict=True))
    assert right / len(pairs) > 0.94


def test_the_folder_is_small_and_holds_no_markers_of_hadoop(models):
    files = [path for folder in ("metadata", "stages") for path in (models / "spark/pm_spark" / folder).rglob("*")]
    assert sum(path.stat().st_size for path in files if path.is_file()) < 300_000
    assert not [path.name for path in files if path.suffix == ".crc" or path.name == "_SUCCESS"]


@pytest.mark.jvm
def test_spark_answers_generated_pairs_as_we_do(pm_spark, pm_scikit, models, spark):
    from pyspark.ml import PipelineModel

    from models.spark.pm_spark.train import as_frame, as_plain

    rows = pm_scikit.predict([pair.row for pair in make_pairs(PARITY_PAIRS, seed=5)])
    saved = PipelineModel.load(str(models / "spark" / "pm_spark"))
    expected = [as_plain(row.asDict()) for row in saved.transform(as_frame(spark, rows)).collect()]
    assert len(expected) == PARITY_PAIRS
    assert_same(pm_spark.transform(rows), expected)


@pytest.mark.jvm
def test_training_anew_gives_the_same_labels_and_the_figures_of_the_readme(read, models, spark, tmp_path, capsys):
    from models.spark.pm_spark.train import train

    train(spark, tmp_path)
    figures = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    readme = (models / "spark" / "pm_spark" / "README.md").read_text(encoding="utf-8")
    assert len(figures) > 3
    assert [line for line in figures if f"> {line}\n" not in readme] == []
    anew = spark_local.load(tmp_path).transform(read("spark/pm_spark/request.json"))
    assert [row["predictionLabel"] for row in anew] == ["no", "yes"]
