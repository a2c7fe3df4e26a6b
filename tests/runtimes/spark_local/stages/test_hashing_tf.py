"""HashingTF without a JVM: what it refuses, and values that no data frame of the parity tests holds."""

from __future__ import annotations

from typing import Any

import pytest

from catenary.errors import InvalidInput, ModelBroken
from runtimes.spark_local import load


@pytest.fixture
def hashing(saver: Any) -> Any:
    def make(**params: Any) -> Any:
        return load(saver.stage("", "feature.HashingTF", {"inputCol": "words", "outputCol": "tf"} | params))

    return make


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (None, "should be a list of terms, not null"),
        ("a b", "should be a list of terms, not text"),
        (["a", 1], "should be a list of texts, of numbers or of booleans"),
        ([["a"]], "should be a list of texts, of numbers or of booleans"),
        ([2**63], "holds a whole number of more than 64 bits"),
    ],
)
@pytest.mark.parametrize("more_rows", [0, 20])
def test_other_values_are_refused(hashing: Any, words: Any, message: str, more_rows: int) -> None:
    with pytest.raises(InvalidInput, match=f"row 0: the column 'words' {message}"):
        hashing().transform([{"words": words}, *[{"words": ["a"]}] * more_rows])


def test_whole_numbers_beside_doubles_are_doubles(hashing: Any) -> None:
    mixed, doubles = hashing().transform([{"words": [1, 2.5]}, {"words": [1.0, 2.5]}])
    assert mixed["tf"] == doubles["tf"]


def test_half_a_surrogate_is_hashed_as_java_encodes_it(hashing: Any) -> None:
    half, mark = hashing().transform([{"words": ["\ud800"]}, {"words": ["?"]}])
    assert half["tf"] == mark["tf"]


@pytest.mark.parametrize("n", [0, -1, 2**31, "many"])
def test_wrong_sizes_are_found_at_load(hashing: Any, n: Any) -> None:
    with pytest.raises(ModelBroken, match="numFeatures"):
        hashing(numFeatures=n)
