"""A pipeline as a whole: its two paths, the columns of its answers, rows that are skipped."""

from __future__ import annotations

import gc
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from catenary.errors import InvalidInput
from runtimes.spark_local import PipelineModel, load
from runtimes.spark_local.pipeline import COLUMNAR_FROM


def test_the_indexer_of_the_label_works_only_where_the_label_is(labelled: Path) -> None:
    model = load(labelled)
    rows = [{"features": [0.0, 0.0]}, {"features": [0.0, 0.0], "answer": "b"}]
    for asked in (rows, rows * COLUMNAR_FROM):
        without, with_label = model.transform(asked)[:2]
        assert "label" not in without
        assert with_label["label"] == 1.0
        assert without.keys() | {"answer", "label"} == with_label.keys()


def test_columns_stand_in_the_order_in_which_the_stages_make_them(labelled: Path) -> None:
    (answer,) = load(labelled).transform([{"id": 1, "features": [0.0, 0.0]}])
    made = ["scaled", "rawPrediction", "probability", "prediction", "leaf", "word"]
    assert list(answer) == ["id", "features", *made]


def test_labels_come_from_the_column_where_the_stage_has_none(saver: Any) -> None:
    folder = saver.pipeline(lambda name: saver.indexer(name, handleInvalid="keep"), lambda name: saver.to_string(name))
    answers = load(folder).transform([{"text": "b"}, {"text": "new"}])
    assert [answer["label"] for answer in answers] == ["b", "__unknown"]


def test_skipped_rows_are_left_out_and_the_others_keep_their_order(saver: Any) -> None:
    model = load(
        saver.pipeline(
            lambda name: saver.assembler(name, handleInvalid="skip"),
            lambda name: saver.indexer(name, handleInvalid="skip"),
            lambda name: saver.scaler(name),
        )
    )
    assert model.drops_rows
    rows: list[dict[str, Any]] = [
        {"id": n, "x": None if n % 5 == 0 else float(n), "y": math.nan if n % 7 == 0 else 2, "text": "abc"[n % 3]}
        for n in range(60)
    ]
    kept = [n for n in range(60) if n % 5 and n % 7 and n % 3 < 2]
    assert [answer["id"] for answer in model.transform(rows)] == kept
    assert [answer["id"] for row in rows for answer in model.transform([row])] == kept
    assert model.transform(rows[:1] * 40) == []


def test_pipelines_may_stand_inside_pipelines_of_ten_stages_and_more(saver: Any) -> None:
    def inner(name: str) -> None:
        saver.stage(name, "PipelineModel", {"stageUids": ["a", "b"]})
        saver.assembler(f"{name}/stages/0_a", inputCols=["v9"], outputCol="w")
        saver.assembler(f"{name}/stages/1_b", inputCols=["w"], outputCol="v10")

    def link(number: int) -> Any:
        source = f"v{number}" if number else "x"
        return lambda name: saver.assembler(name, inputCols=[source], outputCol=f"v{number + 1}")

    model = load(saver.pipeline(*map(link, range(9)), inner, link(10)))
    assert tuple(model.inputs) == ("x",)
    assert tuple(model.outputs) == ("v11",)
    assert model.transform([{"x": 2}])[0]["v11"] == [2.0]


def test_no_rows_give_no_rows(labelled: Path) -> None:
    assert load(labelled).transform([]) == []


@pytest.mark.parametrize("n_rows", [1, COLUMNAR_FROM])
@pytest.mark.parametrize("row", ["features", 1, None, [("features", [0.0, 0.0])]])
def test_a_row_that_is_no_dict_is_told(labelled: Path, row: Any, n_rows: int) -> None:
    with pytest.raises(InvalidInput, match=rf"row 0 is of type {type(row).__name__}, not a dict"):
        load(labelled).transform([row] * n_rows)


@pytest.fixture
def collector() -> Iterator[None]:
    """Python's garbage collector is afterwards as it was."""
    enabled = gc.isenabled()
    yield
    (gc.enable if enabled else gc.disable)()


@pytest.mark.usefixtures("collector")
@pytest.mark.parametrize("enabled", [True, False])
def test_the_garbage_collector_waits_for_a_batch_and_is_then_as_it_was(labelled: Path, enabled: bool) -> None:
    model = load(labelled)
    (gc.enable if enabled else gc.disable)()
    states = []

    class Watched(list[float]):
        def __iter__(self) -> Iterator[float]:
            states.append(gc.isenabled())
            return super().__iter__()

    model.transform([{"features": Watched([0.0, 0.0])} for _ in range(COLUMNAR_FROM)])
    assert states
    assert not any(states)
    assert gc.isenabled() is enabled
    with pytest.raises(InvalidInput):
        model.transform([{"features": "none"}] * COLUMNAR_FROM)
    assert gc.isenabled() is enabled


numbers = st.one_of(
    st.floats(),
    st.sampled_from([0.0, -0.0, 0.5, 1.0, 2.0, -1.0, math.inf, -math.inf, math.nan]),
    st.integers(-3, 3),
    st.booleans(),
)
values = st.one_of(numbers, st.none(), st.just("a"), st.lists(st.floats(), max_size=2))
texts = st.one_of(st.sampled_from(["a", "b", "c", "1.0", 1, 1.0, None]), st.text(max_size=2))


def outcome(way: Any, rows: list[Any]) -> str:
    """What came of the rows, in a form in which NaN equals NaN and -0.0 is not 0.0."""
    try:
        return json.dumps(way(rows))
    except InvalidInput as error:
        return str(error)


def both_ways_alike(model: PipelineModel, rows: list[Any]) -> None:
    filled = rows * (COLUMNAR_FROM // len(rows) + 1)
    assert outcome(model.transform, filled) == outcome(model._by_row, filled)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries({"x": values, "y": numbers, "text": texts}), min_size=1, max_size=6))
@pytest.mark.parametrize("handle_invalid", ["error", "skip", "keep"])
def test_both_ways_give_the_same_of_mixed_columns(
    rows: list[Any], handle_invalid: str, tmp_path_factory: pytest.TempPathFactory, saver_at: Any
) -> None:
    both_ways_alike(saver_at(handle_invalid), rows)


@pytest.fixture(scope="module")
def saver_at(tmp_path_factory: pytest.TempPathFactory, saver_class: Any) -> Any:
    """The model of an indexer, an assembler, a forest with a categorical split and a way back, loaded once for each."""
    loaded: dict[str, PipelineModel] = {}

    def model(handle_invalid: str) -> PipelineModel:
        if handle_invalid not in loaded:
            saver = saver_class(tmp_path_factory.mktemp(handle_invalid) / "model")
            is_b = {"featureIndex": 1, "leftCategoriesOrThreshold": [1.0, 2.0], "numCategories": 3}
            categorical = [saver.split(0, 1, 2, is_b), saver.leaf(1, [1.0, 2.0]), saver.leaf(2, [7.0, 0.0])]
            trees = [saver.stump(0, 0.5), categorical, saver.stump(1, 0.0)]
            loaded[handle_invalid] = load(
                saver.pipeline(
                    lambda name: saver.indexer(name, (("a", "1.0"),), handleInvalid=handle_invalid),
                    lambda name: saver.assembler(name, inputCols=["x", "index"], handleInvalid=handle_invalid),
                    lambda name: saver.forest(name, trees, leafCol="leaf"),
                    lambda name: saver.to_string(name, inputCol="prediction", outputCol="word", labels=["no", "yes"]),
                )
            )
        return loaded[handle_invalid]

    return model


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(weights=st.lists(st.lists(st.floats(0, 1e6), min_size=12, max_size=12), min_size=1, max_size=5))
def test_both_ways_sum_the_votes_of_many_classes_in_the_same_order(
    weights: list[list[float]], tmp_path_factory: pytest.TempPathFactory, saver_class: Any
) -> None:
    saver = saver_class(tmp_path_factory.mktemp("classes") / "model")
    both_ways_alike(load(saver.forest("", [[saver.leaf(0, stats)] for stats in weights])), [{"features": [0.0, 0.0]}])


vectors = st.one_of(
    st.lists(numbers, min_size=2, max_size=2),
    st.lists(st.floats(), min_size=2, max_size=2),
    st.fixed_dictionaries(
        {"size": st.just(2), "indices": st.just([1]), "values": st.lists(st.floats(), min_size=1, max_size=1)}
    ),
    st.lists(st.floats(), max_size=3),
    st.none(),
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(st.fixed_dictionaries({"features": vectors}), min_size=1, max_size=4))
def test_both_ways_give_the_same_of_vectors(rows: list[Any], scaled_forest: PipelineModel) -> None:
    both_ways_alike(scaled_forest, rows)


@pytest.fixture(scope="module")
def scaled_forest(tmp_path_factory: pytest.TempPathFactory, saver_class: Any) -> PipelineModel:
    saver = saver_class(tmp_path_factory.mktemp("scaled") / "model")
    return load(
        saver.pipeline(
            lambda name: saver.scaler(name, std=(2.0, 0.5), withMean=True),
            lambda name: saver.forest(name, featuresCol="scaled", thresholds=[0.3, 0.7]),
        )
    )
