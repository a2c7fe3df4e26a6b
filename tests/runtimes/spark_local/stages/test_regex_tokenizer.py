"""RegexTokenizer without a JVM: which expressions are refused at load, and that lengths are those of UTF-16."""

from __future__ import annotations

from typing import Any

import pytest

from catenary.errors import ModelBroken
from runtimes.spark_local import load


@pytest.fixture
def tokenizer(saver: Any) -> Any:
    def make(**params: Any) -> Any:
        return load(saver.stage("", "feature.RegexTokenizer", {"inputCol": "t", "outputCol": "o"} | params))

    return make


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("\\bword\\b", r"\\b"),
        ("(a)\\1", r"\\1"),
        ("(?m)^a", r"\(\?m\)"),
        ("(?i)\\p{L}", "without regard to case"),
        ("[a-z&&[^b]]", "&& or a class inside a class"),
        ("[a[b]]", "&& or a class inside a class"),
        ("[a-\\d]", "a range"),
        ("[]a]", "an empty class"),
        ("[a", "an end inside"),
        ("a\\", "an end inside"),
        ("(a", "without its"),
        ("a)", "without its"),
        ("a{", "in a place where it is no literal"),
        ("a**", "in a place where it is no literal"),
        ("\\p{IsAlphabetic}", "IsAlphabetic"),
        ("\\p{IsDigit}", "IsDigit"),
        ("\\X", r"\\X"),
        ("\\ud83d", r"\\ud83d"),
        ("a\\Q\\E+", "an empty quotation"),
        ("(?<=a*)b", "what Python refuses"),
        ("(" * 5000 + "a" + ")" * 5000, "what Python refuses"),
        ("", "match nothing"),
        ("a*|b", "match nothing"),
        ("(?=a)", "match nothing"),
        ("a{0,3}", "match nothing"),
    ],
)
def test_what_means_something_else_in_python_is_refused(tokenizer: Any, pattern: str, reason: str) -> None:
    with pytest.raises(ModelBroken, match=f"its pattern .* has .*{reason}.*, which is not served"):
        tokenizer(pattern=pattern)


def test_a_token_is_as_long_as_its_utf_16_units(tokenizer: Any) -> None:
    (answer,) = tokenizer(minTokenLength=2).transform([{"t": "a 😀 bb"}])
    assert answer["o"] == ["😀", "bb"]


def test_a_negative_length_is_found_at_load(tokenizer: Any) -> None:
    with pytest.raises(ModelBroken, match="minTokenLength is -1"):
        tokenizer(minTokenLength=-1)
