from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

KEYS = st.text(st.characters(exclude_characters="';"), min_size=1).filter(str.strip)
VALUES = st.text(st.characters(exclude_characters=";"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("'Brand': ' Apple'; 'Style': ' Bar'", {"brand": "Apple", "style": "Bar"}),
        ("'Brand': ' Apple'; 'Style': ' Bar';", {"brand": "Apple", "style": "Bar"}),
        ("  ' Brand ' :' Apple ' ;'Style':'Bar' ; ", {"brand": "Apple", "style": "Bar"}),
        ("'Screen Size': ' 4''; 'UPC': ' 492550400162'", {"screen size": "4'", "upc": "492550400162"}),
        ("'UPC': ' 492550400162'; 'Screen Size': ' 4''", {"upc": "492550400162", "screen size": "4'"}),
        ("'US Shoe Size (Men's)': ' 9'; 'Color': ' Red'", {"us shoe size (men's)": "9", "color": "Red"}),
        ("'Style': ' Run; Jog'; 'Note': ' a'; b'", {"style": "Run; Jog", "note": "a'; b"}),
        ("'Ratio': ' 16:9'; 'Time': ' 10': 30'", {"ratio": "16:9", "time": "10': 30"}),
        ("'Color': ' Red'; 'color': ' Blue'", {"color": "Blue"}),
        ("'Color': ''; 'Size': ' '", {"color": "", "size": ""}),
        ("'Brand': ' Apple';; ; 'Style': ' Bar'", {"brand": "Apple", "style": "Bar"}),
        ("'Brand': ' Apple'; 'UPC': ' 4925", {"brand": "Apple", "upc": "4925"}),
        ("'': ' nobody'; 'Brand': ' Apple'", {"brand": "Apple"}),
        ("in very good condition", {}),
        ("", {}),
    ],
)
def test_specifics_are_read_as_sellers_type_them(modules, text, expected):
    assert modules.specifics.parse_specifics(text) == expected


@given(entries=st.dictionaries(KEYS, VALUES, min_size=1), end=st.sampled_from(["", ";", "; "]))
def test_what_was_written_is_read_back_with_any_end(modules, entries, end):
    text = "; ".join(f"'{key}': ' {value}'" for key, value in entries.items()) + end
    expected = {key.strip().lower(): value.strip() for key, value in entries.items()}
    assert modules.specifics.parse_specifics(text) == expected


@given(text=st.text(st.sampled_from("';: aB\n")) | st.text())
def test_any_text_is_taken_and_keys_and_values_are_trimmed(modules, text):
    for key, value in modules.specifics.parse_specifics(text).items():
        assert key
        assert key == key.strip().lower()
        assert value == value.strip()
