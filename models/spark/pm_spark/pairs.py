"""Pairs of listings, labelled with whether both offer the same product: what pm_spark learns from.

Owns how sellers word a product and the mix of pairs; the same seed gives the same pairs. Another colour or size of a
model is another product, other words for it are not.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

from .catalogue import CATEGORIES, Product, draw_product, draw_variant

MIX = {"same": 36, "identical": 8, "variant": 18, "sibling": 18, "stranger": 20}
"""How many of a hundred pairs are: a product listed twice; one listing twice; two variants of a model; two models of a
category; products of two categories."""

_NOISE = ("NEW", "Brand New", "Free Shipping!", "L@@K", "*Great Condition*", "Used", "Tested. Works great.", "w/ Box")
_SYNONYMS = {"Smartphone": "Cell Phone", "Aquarium Pump": "Fish Tank Pump", "Digital Camera": "Camera"}
_SAYS_NOTHING = ("Does not apply", "N/A", "NA", "None")


@dataclass(frozen=True, slots=True)
class Pair:
    """A row of pm_scikit's input, its label (`yes`, `no`) and how it came about (a key of `MIX`)."""

    row: dict[str, str]
    label: str
    kind: str


def make_pairs(count: int, seed: int) -> Iterator[Pair]:
    """`count` independent pairs, their kinds drawn by `MIX`."""
    rng = random.Random(seed)  # noqa: S311
    for kind in rng.choices(list(MIX), weights=list(MIX.values()), k=count):
        yield _pair(rng, kind)


def _pair(rng: random.Random, kind: str) -> Pair:
    product = draw_product(rng, rng.choice(CATEGORIES))
    listing = _listing(rng, product)
    other = listing if kind == "identical" else _listing(rng, _other_product(rng, product, kind))
    columns = ("Title1", "ItemSpecifics1", "Title2", "ItemSpecifics2")
    label = "yes" if kind in ("same", "identical") else "no"
    return Pair(dict(zip(columns, (*listing, *other), strict=True)), label, kind)


def _other_product(rng: random.Random, product: Product, kind: str) -> Product:
    """What the second listing of a pair of `kind` offers."""
    if kind == "same":
        return product
    if kind == "variant":
        return draw_variant(rng, product)
    if kind == "sibling":
        return draw_product(rng, product.category, other_than=product)
    return draw_product(rng, rng.choice([category for category in CATEGORIES if category is not product.category]))


def _listing(rng: random.Random, product: Product) -> tuple[str, str]:
    """Title and item specifics in one seller's words."""
    return _title(rng, product), _specifics(rng, product)


def _title(rng: random.Random, product: Product) -> str:
    """Brand and model, most options, a noun and some noise; the order and the case are the seller's."""
    noun = product.category.noun
    words = [value for value in product.options.values() if rng.random() < 0.85]
    words.append(_SYNONYMS.get(noun, noun) if rng.random() < 0.4 else noun)
    words += rng.sample(_NOISE, k=rng.choice((0, 0, 1, 2)))
    if rng.random() < 0.15:
        words.append(product.numbers()["MPN"])
    rng.shuffle(words)
    name = product.model if rng.random() < 0.1 else f"{product.brand} {product.model}"
    words.insert(rng.choice((0, 0, 0, len(words))), name)
    title = " ".join(words)
    return title.upper() if rng.random() < 0.08 else title


def _specifics(rng: random.Random, product: Product) -> str:
    """Entries such as `'Brand': ' Apple'`; some are left out or say nothing, and one listing of twelve has none."""
    if rng.random() < 1 / 12:
        return ""
    names = {product.category.brand_key: product.brand, "Model": product.model}
    numbers = {
        key: rng.choice(_SAYS_NOTHING) if rng.random() < 0.15 else number for key, number in product.numbers().items()
    }
    told = names | product.options | product.facts() | numbers
    entries = [
        f"'{key}': ' {value.lower() if rng.random() < 0.05 else value}'"
        for key, value in told.items()
        if rng.random() < 0.85
    ]
    return "; ".join(entries) + rng.choice(("", ";"))
