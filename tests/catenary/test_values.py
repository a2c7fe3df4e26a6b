from __future__ import annotations

import pytest

from catenary.values import json_type


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "a boolean"),
        (0, "a number"),
        (1.5, "a number"),
        ("nan", "the text 'nan'"),
        ("x" * 41, "a text"),
        ([1], "a list"),
        ({}, "an object"),
    ],
)
def test_a_value_is_called_by_what_json_calls_it_and_short_texts_are_shown(value: object, words: str) -> None:
    assert json_type(value) == words
