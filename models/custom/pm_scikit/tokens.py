"""The words of a text: Treebank tokens of its sentences, less stop words and bare marks. Knows nothing of items.

The tokenizers are NLTK's and read none of its data: the Treebank one is rules only, and Punkt works untrained. The stop
words come from the model's own folder.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from nltk.tokenize.punkt import PunktSentenceTokenizer
from nltk.tokenize.treebank import TreebankWordTokenizer

_LETTER_OR_DIGIT = re.compile(r"[^\W_]")
# Most values and many titles are of this form, which both tokenizers split at blanks and nowhere else, some 50 times
# slower than `split`. The words are those that Treebank takes apart.
_PLAIN = re.compile(r"(?:[A-Za-z0-9]++(?:[./-][A-Za-z0-9]++)*+(?: ++|\Z))*+")
_TAKEN_APART = re.compile(r"\b(?:cannot|gimme|gonna|gotta|lemme|wanna)\b", re.IGNORECASE)


class Tokenizer:
    """Splits texts into words; holds no state, so threads may share it."""

    def __init__(self, stop_words: Iterable[str]) -> None:
        self._stop_words = frozenset(stop_words)
        self._sentences = PunktSentenceTokenizer()
        self._treebank = TreebankWordTokenizer()

    def words(self, text: str) -> tuple[str, ...]:
        """Lower-cased words of `text`, in order."""
        plain = _PLAIN.fullmatch(text) and not _TAKEN_APART.search(text)
        tokens = text.split() if plain else self.tokens(text)
        words = (token.lower() for token in tokens)
        return tuple(word for word in words if word not in self._stop_words and _LETTER_OR_DIGIT.search(word))

    def tokens(self, text: str) -> list[str]:
        """Treebank tokens of each sentence of `text`, as they stand there."""
        return [token for sentence in self._sentences.tokenize(text) for token in self._treebank.tokenize(sentence)]
