"""Word2VecModel without a JVM: the format before Spark 2.2, and damaged ones."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import compile_model, load


@pytest.fixture
def saved(saver: Any) -> Any:
    """Writes a model; `columns` replace the table's."""

    def make(size: int = 2, version: str = "4.3.0", **columns: Any) -> Any:
        params = {"inputCol": "words", "outputCol": "mean", "vectorSize": size}
        folder = saver.stage("", "feature.Word2VecModel", params, sparkVersion=version)
        vectors = pa.array([[1.0, 2.0], [3.0, 5.0]], pa.list_(pa.float32()))
        saver.data(folder, columns or {"word": pa.array(["a", "b"]), "vector": vectors})
        return folder

    return make


def old_columns(rows: tuple[int, int] = (1, 0), n_numbers: int = 4) -> dict[str, pa.Array]:
    index = pa.array([[("a", rows[0]), ("b", rows[1])]], pa.map_(pa.string(), pa.int32()))
    return {"wordIndex": index, "wordVectors": pa.array([[1.0, 2.0, 3.0, 5.0][:n_numbers]], pa.list_(pa.float32()))}


@pytest.mark.parametrize("compiled", [False, True])
def test_a_model_of_spark_2_1_keeps_its_words_in_a_map(saved: Any, tmp_path: Any, compiled: bool) -> None:
    folder = saved(version="2.1.3", **old_columns())
    if compiled:
        compile_model(folder, tmp_path / "compiled")
        folder = tmp_path / "compiled"
    answers = load(folder).transform([{"words": ["a"]}, {"words": ["b", "?"]}])
    assert [answer["mean"] for answer in answers] == [[3.0, 5.0], [0.5, 1.0]]


def test_a_model_of_today_has_a_row_for_each_word(saved: Any) -> None:
    (answer,) = load(saved()).transform([{"words": ["a", "b"]}])
    assert answer["mean"] == [2.0, 3.5]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"size": 3}, "4 numbers for 2 words, not 3 for each"),
        ({"size": 0}, "vectorSize is 0"),
        ({"word": pa.array([1, 2])}, "no column of words"),
        ({"word": pa.array(["a", "b"])}, "no column vector"),
        ({"version": "2.1.0"} | old_columns(n_numbers=3), "3 numbers for 2 words"),
        ({"version": "2.1.0"} | old_columns(rows=(0, 2)), "not 2 for each"),
        ({"version": "2.1.0"}, "no column 'wordIndex'"),
    ],
)
def test_what_does_not_fit_is_found_at_load(saved: Any, given: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelBroken, match=message):
        load(saved(**given))
