from __future__ import annotations

import pytest

from models.spark.text_lr.reviews import make_reviews

COUNT = 2000


@pytest.fixture(scope="module")
def reviews():
    return list(make_reviews(COUNT, seed=1))


def test_the_same_seed_gives_the_same_reviews_and_another_one_others(reviews):
    assert list(make_reviews(COUNT, seed=1)) == reviews
    assert list(make_reviews(COUNT, seed=2)) != reviews


def test_about_half_of_the_buyers_are_content(reviews):
    assert sum(review.label for review in reviews) == pytest.approx(COUNT / 2, rel=0.1)


def test_reviews_are_of_two_minds_at_times(reviews):
    assert any("great" in review.text for review in reviews if review.label == 0.0)
    assert any(" not " in review.text for review in reviews)
    assert any(review.text.isupper() for review in reviews)
