"""The 31 numbers that say how alike two items are, in their fixed order. Reads no request and raises nothing.

Each family is a function of the two items that gives its numbers; `pair_features` puts them in a row. Where a family
divides by nothing, the quotient is 0. For (b, a) the numbers are those of (a, b), but 17 and 19 change places.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

from .specifics import parse_specifics
from .tokens import Tokenizer

ATTRIBUTES = (
    "brand",
    "card manufacturer",
    "carrier",
    "model",
    "mpn",
    "network",
    "platform",
    "publisher",
    "upc",
    "year",
)
"""The keys whose values are compared one by one, in the order of the numbers 22 to 31."""

_COLOUR_NAMES = """
amber beige black blue bronze brown burgundy charcoal copper coral cream cyan gold graphite gray green grey indigo
ivory khaki lavender lime magenta maroon navy olive orange pink platinum purple red silver tan teal turquoise violet
white yellow
"""
COLOURS = frozenset(_COLOUR_NAMES.split())

# The words of "NA", "Does not apply" and "None".
_NO_VALUE = (("na",), ("apply",), ("none",))


@dataclass(frozen=True, slots=True)
class Item:
    """A product as its seller words it; `value_words` has the keys of `values`."""

    title_words: tuple[str, ...]
    values: dict[str, str]
    value_words: dict[str, tuple[str, ...]]


def read_item(title: str, specifics: str, tokenizer: Tokenizer) -> Item:
    """An item from its two texts, each tokenised once."""
    values = parse_specifics(specifics)
    value_words = {key: tokenizer.words(value) for key, value in values.items()}
    return Item(tokenizer.words(title), values, value_words)


def pair_features(a: Item, b: Item) -> list[float]:
    """The 31 features of two items."""
    shared = [key for key in a.values if key in b.values]
    return [
        *_title_overlap(a, b),
        *_key_overlap(a, b, shared),
        *_equal_values(a, b, shared),
        *_value_overlap(a, b, shared),
        *_value_distance(a, b, shared),
        _values_in_title(b, a),
        0.0,  # values in a description, which items no longer have
        _values_in_title(a, b),
        _colours(a, b),
        _jaccard(_digit_words(a), _digit_words(b)),
        *(_attribute(a, b, key) for key in ATTRIBUTES),
    ]


def _title_overlap(a: Item, b: Item) -> tuple[float, float]:
    """1–2: words that both titles have, and their Jaccard index."""
    words_a, words_b = set(a.title_words), set(b.title_words)
    return float(len(words_a & words_b)), _jaccard(words_a, words_b)


def _key_overlap(a: Item, b: Item, shared: Sequence[str]) -> tuple[float, ...]:
    """3–6: keys in both, keys in one only, each also as a share of the longer list of keys."""
    most_keys = max(len(a.values), len(b.values))
    in_both, in_one = len(shared), len(a.values) + len(b.values) - 2 * len(shared)
    return float(in_both), _quotient(in_both, most_keys), float(in_one), _quotient(in_one, most_keys)


def _equal_values(a: Item, b: Item, shared: Sequence[str]) -> tuple[float, ...]:
    """7–10: shared keys with equal values, shared keys with different ones."""
    return _share_and_rest(sum(a.values[key] == b.values[key] for key in shared), len(shared))


def _value_overlap(a: Item, b: Item, shared: Sequence[str]) -> tuple[float, ...]:
    """11–14: how far the words of shared keys' values overlap, and what is missing to full overlap."""
    # fsum: the same sum in any order of the keys.
    overlap = math.fsum(_jaccard(set(a.value_words[key]), set(b.value_words[key])) for key in shared)
    return _share_and_rest(overlap, len(shared))


def _value_distance(a: Item, b: Item, shared: Sequence[str]) -> tuple[float, float]:
    """15–16: edits between the values of shared keys, also as a share of the most edits that there could be."""
    texts = [(" ".join(a.value_words[key]), " ".join(b.value_words[key])) for key in shared]
    edits = sum(Levenshtein.distance(text_a, text_b) for text_a, text_b in texts)
    return float(edits), _quotient(edits, sum(max(len(text_a), len(text_b)) for text_a, text_b in texts))


def _values_in_title(item: Item, other: Item) -> float:
    """17 and 19: values of `item` whose words stand in a run in the title of `other`."""
    return float(sum(_is_run(words, other.title_words) for words in item.value_words.values()))


def _colours(a: Item, b: Item) -> float:
    """20: 1 if the titles name the same colours, -1 if others, 0 if one names none."""
    colours_a, colours_b = COLOURS.intersection(a.title_words), COLOURS.intersection(b.title_words)
    if not colours_a or not colours_b:
        return 0.0
    return 1.0 if colours_a == colours_b else -1.0


def _attribute(a: Item, b: Item, key: str) -> float:
    """22–31: 1 if both have the same value of `key`, -1 if others, 0 if one says nothing."""
    if not (_says(a, key) and _says(b, key)):
        return 0.0
    return 1.0 if a.values[key] == b.values[key] else -1.0


def _says(item: Item, key: str) -> bool:
    return bool(item.values.get(key)) and item.value_words[key] not in _NO_VALUE


def _digit_words(item: Item) -> set[str]:
    """Words with a digit in title and values: model numbers, sizes, capacities."""
    words = set(item.title_words).union(*item.value_words.values())
    return {word for word in words if any(map(str.isdigit, word))}


def _is_run(words: tuple[str, ...], text: tuple[str, ...]) -> bool:
    """Whether `words`, at least one, stand side by side in `text`."""
    length = len(words)
    return length > 0 and any(text[at : at + length] == words for at in range(len(text) - length + 1))


def _jaccard(a: set[str], b: set[str]) -> float:
    in_both = len(a & b)
    return _quotient(in_both, len(a) + len(b) - in_both)


def _share_and_rest(part: float, whole: int) -> tuple[float, float, float, float]:
    """`part`, its share of `whole`, the rest, the rest's share."""
    rest = whole - part
    return float(part), _quotient(part, whole), float(rest), _quotient(rest, whole)


def _quotient(dividend: float, divisor: float) -> float:
    return dividend / divisor if divisor else 0.0
