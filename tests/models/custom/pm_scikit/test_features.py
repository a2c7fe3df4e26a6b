"""Numbers are counted from 1, as where the features are defined."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.sampled_from(["Apple", "iPhone", "4", "4S", "black", "Blue", "the", "Does", "not", "apply", "Köln"])
TITLES = st.lists(WORDS, max_size=6).map(" ".join)
SPECIFICS = st.dictionaries(st.sampled_from(["Brand", "UPC", "Color", "Model", "Style"]), TITLES).map(
    lambda told: "; ".join(f"'{key}': ' {value}'" for key, value in told.items())
)
LISTINGS = st.tuples(TITLES, SPECIFICS)


@pytest.fixture(scope="session")
def features(modules, tokenizer):
    """The features, or those from `first` to `last`, of two (title, specifics)."""

    def compute(a, b, first=1, last=31):
        items = (modules.features.read_item(*listing, tokenizer) for listing in (a, b))
        return modules.features.pair_features(*items)[first - 1 : last]

    return compute


def test_1_and_2_title_words_count_once_and_stop_words_not_at_all(features):
    a, b = ("The red red phone 4", ""), ("Phone 4 in blue", "")
    assert features(a, b, 1, 2) == [2, 2 / 4]  # shared: phone, 4; in all: red, phone, 4, blue


def test_3_to_6_keys_are_counted_against_the_longer_list(features):
    a = ("", "'Brand': ' x'; 'Color': ' y'; 'Size': ' z'; 'Year': ' 1'")
    b = ("", "'BRAND': ' q'; 'color': ' y'; 'UPC': ' 2'")
    assert features(a, b, 3, 6) == [2, 2 / 4, 3, 3 / 4]


def test_7_to_10_equal_values_are_those_that_are_equal_once_trimmed(features):
    a = ("", "'Brand': ' Apple'; 'Color': ' Red'; 'Size': ' L'")
    b = ("", "'Brand': 'Apple '; 'Color': ' red'; 'Size': ' M'")
    assert features(a, b, 7, 10) == [1, 1 / 3, 2, 2 / 3]


def test_11_to_14_values_overlap_by_their_words(features):
    a = ("", "'Color': ' Red'; 'Style': ' bar slider flip'")
    b = ("", "'Color': ' red'; 'Style': ' slider bar candy'")
    assert features(a, b, 11, 14) == [1 + 2 / 4, 1.5 / 2, 0.5, 0.5 / 2]


def test_11_the_order_of_the_entries_does_not_change_the_sum(features):
    # 1/2 + 1/3 + 1/6 in floats is 1 or a little less, as they come.
    told = {"a": "1 2", "b": "1 2 3", "c": "1 2 3 4 5 6"}
    orders = [[f"'{key}': ' {told[key]}'" for key in order] for order in itertools.permutations(told)]
    other = ("", "; ".join(f"'{key}': ' 1'" for key in told))
    assert len({tuple(features(("", "; ".join(order)), other, 11, 12)) for order in orders}) == 1


def test_15_and_16_edits_are_between_the_words_joined_by_a_blank(features):
    a = ("", "'Model': ' The Galaxy, S4'; 'Color': ' red'")
    b = ("", "'Model': ' Galaxy S55'; 'Color': ' Red'")
    assert features(a, b, 15, 16) == [2, 2 / (len("galaxy s55") + len("red"))]


def test_17_to_19_values_stand_in_the_other_title_as_a_run_of_words(features):
    a = ("Apple iPhone 4 black", "'Model': ' Galaxy S4'; 'Code': ' black S4'; 'Note': ' !'")
    b = ("Samsung Galaxy black S4", "'Model': ' iPhone 4'; 'Brand': ' Apple'; 'Mix': ' Apple 4'; 'Note': ' the'")
    assert features(a, b, 17, 19) == [2, 0, 1]
    assert features(b, a, 17, 19) == [1, 0, 2]


@pytest.mark.parametrize(
    ("title", "other", "expected"),
    [
        ("black and white phone", "phone, White/Black white black", 1),
        ("black phone", "white phone", -1),
        ("black phone", "black white phone", -1),
        ("black phone", "phone", 0),
        ("phone", "phone", 0),
    ],
)
def test_20_colours_of_the_titles_are_compared_as_sets(features, title, other, expected):
    assert features((title, ""), (other, ""), 20, 20) == [expected]


def test_21_words_with_a_digit_are_taken_from_title_and_values(features):
    a = ("iPhone 4S 8GB", "'Camera': ' 8.0MP camera'")
    b = ("iPhone 4S", "'Storage': ' 8GB'; 'Screen': ' 3.5 in'")
    assert features(a, b, 21, 21) == [2 / 4]  # shared: 4s, 8gb; in all: 4s, 8gb, 8.0mp, 3.5


KEYS = ("brand", "card manufacturer", "carrier", "model", "mpn", "network", "platform", "publisher", "upc", "year")


@pytest.mark.parametrize(("number", "key"), list(enumerate(KEYS, start=22)))
@pytest.mark.parametrize(
    ("value", "other", "expected"),
    [
        ("X 1", "X 1", 1),
        ("X 1", "X 2", -1),
        ("X 1", "Does not apply", 0),
        ("NA", "NA", 0),
        ("None", "X 1", 0),
        ("X 1", "", 0),
        ("X 1", "none at home", -1),
    ],
)
def test_22_to_31_each_attribute_agrees_differs_or_says_nothing(features, number, key, value, other, expected):
    given_a, given_b = ("", f"'{key.title()}': ' {value}'"), ("", f"'{key.upper()}': ' {other}'")
    assert features(given_a, given_b, 22) == [expected if n == number else 0 for n in range(22, 32)]
    assert features(given_a, ("", "'Style': ' Bar'"), 22) == [0] * 10


def test_nothing_at_all_is_31_zeros(features):
    assert features(("", ""), ("", "")) == [0.0] * 31


@given(a=LISTINGS, b=LISTINGS)
def test_features_are_31_finite_floats_in_their_ranges(features, a, b):
    numbers = features(a, b)
    assert len(numbers) == 31
    assert all(type(number) is float for number in numbers)
    shares = [numbers[n - 1] for n in (2, 4, 8, 10, 12, 14, 16, 21)]
    assert all(0 <= share <= 1 for share in shares)
    assert 0 <= numbers[6 - 1] <= 2
    assert all(number in (-1, 0, 1) for number in (numbers[20 - 1], *numbers[22 - 1 :]))


@given(a=LISTINGS, b=LISTINGS)
def test_swapped_items_swap_17_and_19_and_nothing_else(features, a, b):
    swapped = features(b, a)
    swapped[17 - 1], swapped[19 - 1] = swapped[19 - 1], swapped[17 - 1]
    assert features(a, b) == swapped


@given(listing=LISTINGS)
def test_an_item_differs_in_nothing_from_itself(features, listing):
    numbers = features(listing, listing)
    assert [numbers[n - 1] for n in (5, 6, 9, 10, 15, 16)] == [0] * 6
    assert min(numbers[20 - 1 :]) >= 0
