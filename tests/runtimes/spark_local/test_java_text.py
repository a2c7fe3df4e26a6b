"""Text as Java treats it, where Python has another idea; the parity tests hold all of it against Java itself."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runtimes.spark_local.java_text import lower, lower_turkic, split, words

SPACE = re.compile(r"[ \t\n\x0b\f\r]")


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("", [""]),
        (" ", []),
        ("a", ["a"]),
        (" a  b ", ["", "a", "", "b"]),
        ("a\tb\nc\x0bd\fe\rf\r\ng", ["a", "b", "c", "d", "e", "f", "", "g"]),
        ("a\xa0b\u2003c\x1cd\x85e", ["a\xa0b\u2003c\x1cd\x85e"]),
    ],
)
def test_words_are_cut_at_each_white_space_of_ascii(text: str, pieces: list[str]) -> None:
    assert words(text) == pieces


@given(st.text(st.sampled_from(" \t\n\x0b\f\r\xa0ab"), max_size=12))
def test_words_are_what_the_expression_cuts(text: str) -> None:
    assert words(text) == split(text, SPACE)


def test_a_capital_sigma_is_final_at_the_end_of_a_word_only() -> None:
    assert lower("ΟΔΟΣ ΣΑΣ. Σ") == "οδος σας. σ"


def test_turkish_has_an_i_without_a_dot() -> None:
    assert lower_turkic("IİI\u0307") == "ıii"
