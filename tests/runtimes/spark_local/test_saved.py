"""Models as older Sparks saved them, held against what Spark 4.3 makes of them: committed, so without a JVM."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from spark_coverage import stage_names
from spark_parity import difference, difference_of_largest
from spark_saves import SAVES, Row, Save, named, unpacked

from runtimes.spark_local import compile_model, load

SINCE_4 = {"TargetEncoderModel"}
UNTIL_2 = {"OneHotEncoder"}
"""What 3.0 and later save as OneHotEncoder is an estimator."""

NEARLY = {
    *("AFTSurvivalRegressionModel", "CrossValidatorModel", "DCT", "DistributedLDAModel", "FMClassificationModel"),
    *("FMRegressionModel", "GaussianMixtureModel", "GBTClassificationModel", "GBTRegressionModel"),
    *("GeneralizedLinearRegressionModel", "LinearRegressionModel", "LinearSVCModel", "LocalLDAModel"),
    *("LogisticRegressionModel", "MultilayerPerceptronClassificationModel", "NaiveBayesModel", "OneVsRestModel"),
    *("PCAModel", "PipelineModel", "TrainValidationSplitModel"),
}
"""Those that are held within 1e-9, as in the parity tests; the others to the last bit."""

OF_LARGEST = {"DCT", "PCAModel"}
UNORDERED = {"FPGrowthModel": "prediction"}

CHANGED_FORMATS = {
    *("2.0/LogisticRegressionModel", "2.1/Word2VecModel", "2.2/LinearRegressionModel", "2.2/OneHotEncoder"),
    *("2.3/BisectingKMeansModel", "2.3/FPGrowthModel", "2.4/BisectingKMeansModel"),
    *("2.4/DecisionTreeRegressionModel", "2.4/GBTClassificationModel", "2.4/HashingTF", "2.4/IDFModel"),
    *("2.4/MultilayerPerceptronClassificationModel", "2.4/NaiveBayesModel", "2.4/RandomForestClassificationModel"),
    "2.4/StringIndexerModel",
}
"""What the readers of Spark 4.3 ask `majorMinorVersion` about, 1.x aside, and what only Spark 2 reads. Before 2.4 all
metadata are other ones too, without defaultParamMap: those of 2.3 stand for that."""


def classes(folder: Path) -> Iterator[str]:
    """The simple class names of all that is saved in `folder`."""
    for part in folder.rglob("metadata/part-*"):
        yield str(json.loads(part.read_text())["class"]).rpartition(".")[2]


def check(path: Path, save: Save, answers: list[Row]) -> None:
    name = path.stem
    apart = difference_of_largest if name in OF_LARGEST else difference
    assert len(answers) == len(save.expected)
    for position, (got, want) in enumerate(zip(answers, save.expected, strict=True)):
        assert list(got) == list(want), f"columns of row {position}"
        if column := UNORDERED.get(name):
            got, want = ({**row, column: sorted(row[column])} for row in (got, want))
        for column in want:
            message = f"{column} of row {position}: {got[column]} != {want[column]}"
            assert apart(got[column], want[column]) <= (1e-9 if name in NEARLY else 0.0), message


@pytest.mark.parametrize("path", SAVES, ids=named)
def test_a_save_answers_as_in_spark(path: Path, tmp_path: Path) -> None:
    save = unpacked(path, tmp_path)
    assert save.expected
    compile_model(save.model, tmp_path / "compiled")
    for model in (load(save.model), load(tmp_path / "compiled")):
        check(path, save, model._by_row(save.rows))
        check(path, save, model._by_column(save.rows))


def test_every_stage_has_a_save_of_spark_3_5(tmp_path: Path) -> None:
    saves = {path.stem: path for path in SAVES if path.parent.name == "3.5"}
    found: set[str] = set()
    for name, path in saves.items():
        of_save = set(classes(unpacked(path, tmp_path / name).model))
        assert name in of_save
        found |= of_save
    assert set(stage_names()) - found == SINCE_4 | UNTIL_2


def test_every_format_that_changed_has_a_save() -> None:
    assert set(map(named, SAVES)) >= CHANGED_FORMATS
    assert sum(path.parent.name == "2.3" for path in SAVES) > 40
