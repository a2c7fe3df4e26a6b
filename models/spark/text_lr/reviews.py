"""Made-up reviews of things bought online, labelled with whether the buyer is content: what text_lr learns from.

Owns the words and how they are mixed; the same seed gives the same reviews. Some sentences say the opposite of the
review's mood, and some say it with a "not", which no count of words can tell from praise.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

_THINGS = (
    "battery",
    "screen",
    "camera",
    "pump",
    "motor",
    "box",
    "delivery",
    "seller",
    "sound",
    "size",
    "colour",
    "manual",
)
_CONTENT = ("great", "quiet", "sturdy", "fast", "perfect", "bright", "friendly", "solid", "sharp", "excellent")
_SORE = ("broken", "noisy", "flimsy", "slow", "useless", "dim", "rude", "scratched", "blurry", "awful")
_CONTENT_CLOSINGS = ("Would buy again!", "Love it.", "Highly recommended.", "Works like a charm, thanks!")
_SORE_CLOSINGS = ("I want my money back!", "Returned it.", "Stay away.", "Stopped working after a week.")
_OPENINGS = ("", "", "Bought it last month. ", "A present for my sister. ", "Second one I have ordered. ")
_CONTRARY, _NEGATED = 0.22, 0.12
"""The shares of sentences that are of the other mood, and of those that are put as a negation."""


@dataclass(frozen=True, slots=True)
class Review:
    """`label`: 1.0 where the buyer is content, else 0.0."""

    text: str
    label: float


def make_reviews(count: int, seed: int) -> Iterator[Review]:
    """`count` independent reviews, about half of them content."""
    rng = random.Random(seed)  # noqa: S311
    for _ in range(count):
        content = rng.random() < 0.5
        yield Review(_text(rng, content), float(content))


def _text(rng: random.Random, content: bool) -> str:
    things = rng.sample(_THINGS, k=rng.choice((1, 2, 3)))
    sentences = [_sentence(rng, thing, content is (rng.random() >= _CONTRARY)) for thing in things]
    if rng.random() < 0.3:
        sentences.append(rng.choice(_CONTENT_CLOSINGS if content else _SORE_CLOSINGS))
    text = rng.choice(_OPENINGS) + " ".join(sentences)
    return text.upper() if rng.random() < 0.05 else text


def _sentence(rng: random.Random, thing: str, content: bool) -> str:
    if rng.random() < _NEGATED:
        return f"The {thing} is not {rng.choice(_SORE if content else _CONTENT)}."
    how = rng.choice(("", "really ", "very ", "so "))
    return f"The {thing} is {how}{rng.choice(_CONTENT if content else _SORE)}{rng.choice(('.', '.', '!', ' !'))}"
