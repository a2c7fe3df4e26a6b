from __future__ import annotations

import contextlib
import json
import re
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from model_files import files_in

from repository.formats import Broken, Incomplete, Signature, Unusable
from repository.formats.spark import Spark
from runtimes.spark_local import load

PM_SPARK, TEXT_LR = Path("models/spark/pm_spark"), Path("models/spark/text_lr")


def stage(class_name: str, uid: str, **params: object) -> dict[str, object]:
    return {"class": class_name, "uid": uid, "params": params}


LABEL = stage("feature.StringIndexerModel", "label", inputCol="kind", outputCol="label")
CITY = stage("feature.StringIndexerModel", "city", inputCols=["city"], outputCols=["cityIndex"])
ASSEMBLER = stage("feature.VectorAssembler", "all", inputCols=["cityIndex", "age"], outputCol="features")
FOREST = stage(
    "classification.RandomForestClassificationModel",
    "forest",
    featuresCol="features",
    labelCol="label",
    predictionCol="prediction",
    probabilityCol="probability",
    rawPredictionCol="",
)


@pytest.fixture
def read(models, files_of):
    def signature(*stages: dict[str, object]) -> Signature:
        return Spark().signature(files_of(models.spark("m", *stages)))

    return signature


@pytest.fixture
def saved(models):
    return models.spark("m", LABEL, CITY, ASSEMBLER, FOREST)


def test_inputs_are_what_no_stage_makes_without_what_only_makes_the_label(read):
    signature = read(LABEL, CITY, ASSEMBLER, FOREST)
    assert signature == Signature(("city", "age"), ("probability", "prediction"))


def test_a_column_that_the_label_and_the_features_are_made_from_is_an_input(read):
    assembler = stage("feature.VectorAssembler", "all", inputCols=["kind", "age"], outputCol="features")
    assert read(LABEL, assembler, FOREST).inputs == ("kind", "age")


def test_of_a_stage_with_several_columns_only_the_labels_own_source_is_left_out(read):
    both = stage("feature.StringIndexerModel", "both", inputCols=["kind", "city"], outputCols=["label", "cityIndex"])
    assert read(both, ASSEMBLER, FOREST).inputs == ("city", "age")


def test_an_output_that_nobody_named_has_the_name_that_spark_gives_it(read):
    assert read(stage("feature.Tokenizer", "tok_1", inputCol="text")).outputs == ("tok_1__output",)


def test_more_than_nine_stages_have_numbers_of_two_digits(read):
    stages = [stage("feature.Tokenizer", f"t{n}", inputCol=f"a{n}", outputCol=f"b{n}") for n in range(11)]
    assert len(read(*stages).outputs) == 11


def test_a_pipeline_inside_a_pipeline_is_taken_apart(models, files_of):
    inner = models.spark("inner", CITY, ASSEMBLER)
    outer = models.spark("m", stage("PipelineModel", "inner"), FOREST)
    (outer / "stages/0_inner").rename(outer / "gone")
    inner.rename(outer / "stages/0_inner")
    assert Spark().signature(files_of(outer)).inputs == ("city", "age")


def test_default_parameters_stand_under_those_that_were_set(models, files_of):
    folder = models.spark("m", stage("feature.Tokenizer", "t", inputCol="set"))
    metadata = {"class": "x.Tokenizer", "uid": "t", "paramMap": {"inputCol": "set"}}
    metadata["defaultParamMap"] = {"inputCol": "default", "outputCol": "made"}
    (folder / "stages/0_t/metadata/part-00000").write_text(json.dumps(metadata))
    assert Spark().signature(files_of(folder)) == Signature(("set",), ("made",))


@pytest.mark.parametrize(
    ("lost", "reason"),
    [
        ("metadata", "metadata/part-* is missing"),
        ("stages/1_city/metadata", "stages/1_city/metadata/part-* is missing"),
        ("stages/0_label/data", "stages/0_label/ holds no parquet file"),
        ("stages/3_forest/data", "stages/3_forest/data/ holds no parquet file"),
        ("stages/3_forest/treesMetadata", "stages/3_forest/treesMetadata/ holds no parquet file"),
    ],
)
def test_what_is_missing_makes_the_folder_incomplete(saved, files_of, lost, reason):
    for file in (saved / lost).iterdir():
        file.unlink()
    with pytest.raises(Incomplete) as fault:
        Spark().signature(files_of(saved))
    assert fault.value.reason == reason


@pytest.mark.parametrize("content", [b"", b"PA", b"PAR1", b"PAR1 rows PAR"])
def test_a_parquet_file_without_its_end_is_incomplete(saved, files_of, content):
    (saved / "stages/1_city/data/part-00000.parquet").write_bytes(content)
    with pytest.raises(Incomplete, match=r"1_city/data/part-00000\.parquet is cut short"):
        Spark().signature(files_of(saved))


def test_a_file_that_is_only_called_parquet_is_broken(saved, files_of):
    (saved / "stages/1_city/data/part-00000.parquet").write_bytes(b"hello")
    with pytest.raises(Broken, match="is not a parquet file"):
        Spark().signature(files_of(saved))


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ("{", "metadata/part-00000 is not JSON"),
        ("[]", "metadata/part-00000: an object is needed"),
        ("{}", "the model's folder: its metadata names no class"),
        ('{"class": "a.PipelineModel"}', "the model's folder: its metadata has no list of stageUids"),
        ('{"class": "a.PipelineModel", "paramMap": {"stageUids": [1]}}', "has no list of stageUids"),
        ('{"class": "a.Tokenizer", "paramMap": []}', "paramMap in its metadata is not an object"),
        ('{"class": "a.Tokenizer", "paramMap": {"inputCol": 1}}', "inputCol names no column"),
    ],
)
def test_metadata_that_is_wrong_is_broken(saved, files_of, metadata, reason):
    (saved / "metadata/part-00000").write_text(metadata)
    with pytest.raises(Broken, match=re.escape(reason)):
        Spark().signature(files_of(saved))


def test_no_uid_leads_out_of_the_folder(models, files_of):
    outside = models.write("outside/metadata", {"part-00000": b'{"class": "x.Tokenizer", "paramMap": {}}'})
    folder = models.spark("m")
    metadata = {"class": "x.PipelineModel", "paramMap": {"stageUids": ["/../../../outside"]}}
    (folder / "metadata/part-00000").write_text(json.dumps(metadata))
    assert outside.exists()
    with pytest.raises(Incomplete, match="is missing"):
        Spark().signature(files_of(folder))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
metadata_values = st.fixed_dictionaries(
    {},
    optional={
        "class": st.sampled_from(["x.PipelineModel", "x.Tokenizer", "x.GBTModel"]) | json_values,
        "uid": json_values,
        "paramMap": json_values
        | st.dictionaries(st.sampled_from(["stageUids", "inputCol", "outputCols", "labelCol"]), json_values),
        "defaultParamMap": json_values,
    },
)


@given(st.binary(max_size=40) | metadata_values.map(lambda value: json.dumps(value).encode()))
def test_whatever_the_metadata_hold_is_a_signature_or_a_reason(content: bytes):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "metadata").mkdir()
        (Path(folder) / "metadata/part-00000").write_bytes(content)
        with contextlib.suppress(Unusable):
            assert isinstance(Spark().signature(files_in(Path(folder))), Signature)


def test_files_that_spark_did_not_write_do_not_belong_to_the_model():
    form = Spark()
    assert all(map(form.belongs, ("metadata/part-00000", "stages/0_a/data/part-0.parquet", "data/part-0.parquet")))
    assert not any(map(form.belongs, ("README.md", "train.py", "request.json", "stages/0_a/data/_SUCCESS")))


@pytest.mark.parametrize("example", [PM_SPARK, TEXT_LR])
def test_the_columns_of_an_example_are_those_that_the_engine_finds(files_of, example):
    signature = Spark().signature(files_of(example))
    engine = load(example)
    assert (signature.inputs, signature.outputs) == (tuple(engine.inputs), tuple(engine.outputs))
