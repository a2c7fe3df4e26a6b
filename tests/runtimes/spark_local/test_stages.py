"""The register of stages, and what each stage makes of good and bad values, without a JVM."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load, stages
from runtimes.spark_local.registry import known, register

NAN = float("nan")


def test_every_file_of_the_folder_is_one_built_in_stage() -> None:
    files = {path.stem for path in Path(stages.__file__).parent.glob("*.py")} - {"__init__"}
    assert {stage.__module__.rpartition(".")[2] for stage in stages.BUILT_IN} == files
    assert len(stages.BUILT_IN) == len(files)


def test_every_stage_cites_the_source_that_it_imitates() -> None:
    for stage in stages.BUILT_IN:
        assert set(stage.saved_as) <= set(known())
        module = __import__(stage.__module__, fromlist=["__doc__"])
        assert re.search(r"Spark's `ml/\S+\.scala`, \d", module.__doc__ or ""), stage.__module__


def test_registration_refuses_a_second_reader_of_the_same_class() -> None:
    with pytest.raises(ValueError, match="is read by IndexToString already"):
        register(type("Other", (), {"saved_as": ("org.apache.spark.ml.feature.IndexToString",)}))  # type: ignore[type-var]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({}, "row 1: the column 'features' is missing"),
        ({"features": [1.0]}, "row 1: the column 'features' should be a vector of 2 numbers, not of 1"),
        ({"features": None}, "row 1: the column 'features' is null"),
        ({"features": "1, 2"}, "should be a vector .*, not text"),
        ({"features": 1.0}, "should be a vector .*, not a number"),
        ({"features": [1.0, "2"]}, "at position 1 should be a number, not text"),
        ({"features": [1.0, None]}, "at position 1 is null"),
        ({"features": [1.0, True]}, "at position 1 should be a number, not a boolean"),
        ({"features": [1.0, 10**400]}, "at position 1 is too large for a double"),
        ({"features": {"size": 2}}, "should have size"),
        ({"features": {"size": 2, "indices": [0], "values": []}}, "has 1 indices but 0 values"),
        ({"features": {"size": 2, "indices": [2], "values": [1.0]}}, "should have indices that"),
        ({"features": {"size": 2, "indices": [1, 0], "values": [1.0, 1.0]}}, "should have indices that"),
        ({"features": {"size": -1, "indices": [], "values": []}}, "has size -1"),
        ({"features": [1.0, 2.0], "scaled": 1}, "row 1: the column 'scaled' is there already"),
    ],
)
@pytest.mark.parametrize("more_rows", [0, 50])
def test_a_bad_row_is_named_with_its_column(saver: Any, row: Any, message: str, more_rows: int) -> None:
    good = {"features": [1.0, 2.0]}
    with pytest.raises(InvalidInput, match=message) as caught:
        load(saver.scaler()).transform([good, row, *[good] * more_rows])
    assert caught.value.row == 1
    assert caught.value.column == ("scaled" if "scaled" in row else "features")


def test_numbers_of_a_vector_may_be_whole_or_written_as_text_where_json_has_no_number(saver: Any, same: Any) -> None:
    model = load(saver.scaler(withStd=False, withMean=True, std=(1.0, 1.0, 1.0, 1.0)))
    (answer,) = model.transform([{"features": [2, "NaN", "Infinity", "-Infinity"]}])
    assert same(answer["scaled"], [1.0, NAN, float("inf"), float("-inf")])


def test_the_callers_rows_stay_as_they_are(saver: Any) -> None:
    row = {"features": [3.0, 4.0], "id": 7}
    sparse = {"features": {"size": 2, "indices": [0], "values": [3.0]}, "id": 8}
    answers = load(saver.scaler(withStd=False)).transform([row, sparse])
    assert row == {"features": [3.0, 4.0], "id": 7}
    assert sparse == {"features": {"size": 2, "indices": [0], "values": [3.0]}, "id": 8}
    assert answers == [row | {"scaled": [3.0, 4.0]}, sparse | {"scaled": sparse["features"]}]


def test_a_sparse_vector_stays_sparse_unless_the_mean_is_taken_off(saver: Any) -> None:
    sparse = {"features": {"size": 2, "indices": [1], "values": [4.0]}}
    model = load(saver.scaler(std=(2.0, 2.0)))
    assert model.transform([sparse])[0]["scaled"] == {"size": 2, "indices": [1], "values": [2.0]}


@pytest.mark.parametrize(
    ("labels", "value", "index"),
    [
        (("1.0", "2.0"), 2, 1.0),
        (("1", "2"), 2.0, 1.0),
        (("1", "1.0"), 1, 0.0),
        (("1", "1.0"), 1.0, 1.0),
        (("1.0E10",), 10_000_000_000, 0.0),
        (("9.999999999999999E22",), 1e23, 0.0),
        (("-0.0", "0.0"), -0.0, 0.0),
        (("-0.0", "0.0"), 0, 1.0),
        (("4.9E-324",), 5e-324, 0.0),
        (("0.001", "1.0E-4"), 0.0001, 1.0),
        (("NaN", "Infinity"), NAN, 0.0),
    ],
)
def test_a_number_is_looked_up_as_java_writes_it(saver: Any, labels: Any, value: Any, index: float) -> None:
    assert load(saver.indexer(labels=(labels,))).transform([{"text": value}])[0]["index"] == index


@pytest.mark.parametrize(("label", "value"), [("1.10", 1.1), ("01", 1), ("1e3", 1000.0), ("-0.0", 0), ("1.0", "1")])
def test_text_that_only_resembles_the_number_is_another_label(saver: Any, label: str, value: Any) -> None:
    with pytest.raises(InvalidInput, match="which training did not see"):
        load(saver.indexer(labels=((label,),))).transform([{"text": value}])


def test_labels_of_spark_2_are_read(saver: Any) -> None:
    import pyarrow as pa

    folder = saver.stage("", "feature.StringIndexerModel", {"inputCol": "text", "outputCol": "index"})
    saver.data(folder, {"labels": pa.array([["b", "a"]])})
    assert load(folder).transform([{"text": "a"}]) == [{"text": "a", "index": 1.0}]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"inputCols": ["a"], "outputCols": ["b"]}, "both inputCol and inputCols"),
        ({"handleInvalid": "drop"}, "handleInvalid is 'drop', not one of error, skip, keep"),
        ({"inputCol": ""}, "inputCol is empty"),
        ({"inputCol": 3}, "inputCol is 3"),
        ({"outputCol": "text"}, "makes the column 'text', which is there already"),
    ],
)
def test_wrong_parameters_are_found_at_load(saver: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(saver.indexer(**given))


@pytest.mark.parametrize("thresholds", [[0.5], [0.0, 0.0], [-1.0, 1.0], ["NaN", 1.0], ["x", 1.0], [None, 1.0]])
def test_wrong_thresholds_are_found_at_load(saver: Any, thresholds: list[Any]) -> None:
    with pytest.raises(ModelBroken, match="thresholds"):
        load(saver.forest(thresholds=thresholds))


def test_infinite_thresholds_are_read_as_spark_writes_them(saver: Any) -> None:
    (answer,) = load(saver.forest(thresholds=["Inf", 1.0])).transform([{"features": [0.0, -2.0]}])
    assert answer["prediction"] == 0.0
    assert answer["probability"] == [1.0, 0.0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": 3}, "the ids of a tree's nodes"),
        ({"leftChild": 2, "rightChild": 1}, "not in pre-order"),
        ({"rightChild": 1}, "no parent, or two"),
        ({"impurityStats": [1.0]}, "not 2 stats"),
        ({"split": {"featureIndex": 2, "leftCategoriesOrThreshold": [0.5], "numCategories": -1}}, "on no feature"),
        ({"split": {"featureIndex": 0, "leftCategoriesOrThreshold": [], "numCategories": -1}}, "not one threshold"),
        ({"split": {"featureIndex": 0, "leftCategoriesOrThreshold": [4.0], "numCategories": 3}}, "has not"),
    ],
)
def test_a_tree_that_is_none_is_found_at_load(saver: Any, change: dict[str, Any], message: str) -> None:
    root, *leaves = saver.stump(0, 0.5)
    with pytest.raises(ModelBroken, match=message):
        load(saver.forest(trees=[[root | change, *leaves]]))


def test_a_tree_may_be_a_single_leaf_and_a_leaf_without_weight_has_no_vote(saver: Any) -> None:
    trees = [[saver.leaf(0, [0.0, 0.0])], [saver.leaf(0, [1.0, 3.0])]]
    rows = [{"features": [0.0, 0.0]}] * 20
    for answer in load(saver.forest(trees=trees, leafCol="leaf")).transform(rows):
        assert answer["rawPrediction"] == [0.25, 0.75]
        assert answer["leaf"] == [0.0, 0.0]


def test_forest_votes(saver: Any) -> None:
    (answer,) = load(saver.forest()).transform([{"features": [1.0, -2.0]}])
    assert answer["rawPrediction"] == [1.25, 0.75]
    assert answer["probability"] == [0.625, 0.375]
    assert answer["prediction"] == 0.0


def test_keep_takes_no_vector_of_unknown_size(saver: Any) -> None:
    model = load(saver.assembler(handleInvalid="keep"))
    with pytest.raises(InvalidInput, match="no VectorSizeHint"):
        model.transform([{"x": [1.0], "y": 1.0}])
    with pytest.raises(InvalidInput, match="no VectorSizeHint"):
        model.transform([{"x": [1.0], "y": 1.0}] * 30)


@pytest.mark.parametrize(
    ("size", "filled", "is_sparse"), [(9, 4, True), (9, 5, False), (8, 4, False), (3, 0, True), (2, 0, False)]
)
@pytest.mark.parametrize("rows", [1, 30])
def test_an_assembled_vector_is_sparse_only_where_that_is_smaller(
    saver: Any, size: int, filled: int, is_sparse: bool, rows: int
) -> None:
    row = {f"x{n}": float(n < filled) for n in range(size)}
    for answer in load(saver.assembler(inputCols=list(row))).transform([row] * rows):
        assert isinstance(answer["features"], dict) is is_sparse


def test_a_deviation_of_zero_scales_to_zero_without_a_warning(saver: Any) -> None:
    rows = [{"features": [5.0, 7.0]}, {"features": [1e308, float("inf")]}] * 10
    for answer in load(saver.scaler(std=(2.0**-20, 0.0))).transform(rows)[::2]:
        assert answer["scaled"] == [5.0 * 2.0**20, 0.0]


def test_an_index_above_minus_one_is_the_first_label(saver: Any) -> None:
    model = load(saver.to_string(labels=["a", "b"]))
    assert [answer["label"] for answer in model.transform([{"index": -0.9}, {"index": 1.9}])] == ["a", "b"]


def test_a_nan_is_skipped_even_where_it_is_a_label(saver: Any) -> None:
    assert load(saver.indexer(labels=(("NaN",),), handleInvalid="skip")).transform([{"text": NAN}]) == []


@pytest.mark.parametrize("rows", [1, 30])
def test_a_class_without_probability_is_not_predicted_by_a_threshold_of_zero(saver: Any, rows: int) -> None:
    trees = [[saver.leaf(0, [1.0, 0.0])]]
    for answer in load(saver.forest(trees=trees, thresholds=[1.0, 0.0])).transform([{"features": [0.0, 0.0]}] * rows):
        assert answer["prediction"] == 0.0


def test_an_unseen_category_goes_to_the_side_that_is_not_kept(saver: Any) -> None:
    # Two of three categories are more than half: the third is kept, as the right side
    test = {"featureIndex": 0, "leftCategoriesOrThreshold": [0.0, 1.0], "numCategories": 3}
    trees = [[saver.split(0, 1, 2, test), saver.leaf(1, [1.0, 0.0]), saver.leaf(2, [0.0, 1.0])]]
    model = load(saver.forest(trees=trees))
    asked = [{"features": [category, 0.0]} for category in (0.0, 1.0, 2.0, 3.0, 0.5, NAN)]
    for rows in (asked, asked * 5):
        assert [answer["prediction"] for answer in model.transform(rows)][:6] == [0.0, 0.0, 1.0, 0.0, 0.0, 0.0]


def test_keep_fills_a_null_vector_of_known_size(saver: Any, same: Any) -> None:
    folder = saver.pipeline(
        lambda name: saver.scaler(name, withStd=False),
        lambda name: saver.assembler(name, inputCols=["scaled", "x"], outputCol="all", handleInvalid="keep"),
    )
    (answer,) = load(folder).transform([{"features": None, "x": 1}])
    assert same(answer["all"], [NAN, NAN, 1.0])
