from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Apple iPhone 4", ("apple", "iphone", "4")),
        ("NEW! Apple's iPhone... (16GB)", ("new", "apple", "iphone", "16gb")),
        ("the phone that doesn't ring", ("phone", "ring")),
        ("It works. Ships today.", ("works", "ships", "today")),
        ("4'", ("4",)),
        ("AT&T 5.0MP 18-55mm", ("5.0mp", "18-55mm")),
        ("& ; -- '' !", ()),
        ("Köln 東京", ("köln", "東京")),
        ("", ()),
    ],
)
def test_words_are_lower_case_treebank_tokens_without_marks_and_stop_words(tokenizer, text, words):
    assert tokenizer.words(text) == words


@given(text=st.text())
def test_words_of_any_text_hold_a_letter_or_digit(tokenizer, text):
    assert all(any(map(str.isalnum, word)) for word in tokenizer.words(text))


PARTS = st.sampled_from(["a", "Z", "7", "09", "no", "Cannot", "gonna", "wanna", "gimme", "gotta", "lemme"])
JOINTS = st.sampled_from(["", ".", "/", "-", "--", ",", ":", "'", "&", "_"])
PLAIN_WORDS = st.builds(str.join, JOINTS, st.lists(PARTS, min_size=1, max_size=3))


@settings(max_examples=500)
@given(text=st.lists(PLAIN_WORDS, max_size=3).map(" ".join))
def test_plain_texts_have_the_tokens_that_nltk_gives(modules, text):
    tokenizer = modules.tokens.Tokenizer([])
    words = [token.lower() for token in tokenizer.tokens(text) if any(map(str.isalnum, token))]
    assert list(tokenizer.words(text)) == words


def test_the_stop_words_are_nltk_s_and_the_endings_that_treebank_splits_off(models):
    stop_words = (models / "custom" / "pm_scikit" / "stop_words.txt").read_text(encoding="utf-8").split()
    assert len(stop_words) == len(set(stop_words)) == 179 + 6
    assert {"'s", "'ll", "n't", "'re", "'ve", "'d"} <= set(stop_words)
