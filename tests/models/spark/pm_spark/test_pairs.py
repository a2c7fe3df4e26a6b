from __future__ import annotations

from collections import Counter

import pytest

from models.spark.pm_spark.catalogue import CATEGORIES
from models.spark.pm_spark.pairs import MIX, make_pairs

COUNT = 4000


@pytest.fixture(scope="module")
def pairs():
    return list(make_pairs(COUNT, seed=1))


def test_the_same_seed_gives_the_same_pairs_and_another_one_others(pairs):
    assert list(make_pairs(COUNT, seed=1)) == pairs
    assert list(make_pairs(COUNT, seed=2)) != pairs


def test_a_shorter_run_draws_pairs_of_the_same_mix():
    assert len(list(make_pairs(0, seed=1))) == 0
    assert len(list(make_pairs(5, seed=1))) == 5


def test_kinds_come_in_the_proportions_of_the_mix(pairs):
    kinds = Counter(pair.kind for pair in pairs)
    assert sum(MIX.values()) == 100
    for kind, percent in MIX.items():
        assert kinds[kind] == pytest.approx(COUNT * percent / 100, rel=0.15)


def test_only_listings_of_one_product_are_a_yes(pairs):
    for pair in pairs:
        assert pair.label == ("yes" if pair.kind in ("same", "identical") else "no")


def test_every_category_is_sold(pairs):
    brands = [[brand.lower() for brand in category.models] for category in CATEGORIES]
    titles = [pair.row["Title1"].lower() for pair in pairs]
    for names in brands:
        assert sum(any(name in title for name in names) for title in titles) > COUNT / len(CATEGORIES) / 2


def test_an_identical_pair_is_one_listing_twice_and_no_other_kind_is(pairs):
    for pair in pairs:
        row = pair.row
        twice = (row["Title1"], row["ItemSpecifics1"]) == (row["Title2"], row["ItemSpecifics2"])
        assert twice or pair.kind != "identical"
        assert not twice or pair.label == "yes" or "" in (row["ItemSpecifics1"], row["ItemSpecifics2"])


def test_listings_are_as_untidy_as_real_ones(pairs):
    specifics = [pair.row["ItemSpecifics1"] for pair in pairs]
    assert COUNT / 20 < specifics.count("") < COUNT / 8
    assert any("''; '" in text for text in specifics)
    assert any("Does not apply" in text for text in specifics)
    assert {text.endswith(";") for text in specifics if text} == {True, False}
