from __future__ import annotations

import math

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary.errors import InvalidInput, MalformedRequest
from catenary.values import json_type
from runtimes.base.rows import SPELLED, decode, encode, number, require_columns

plain = st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text() | st.floats()
values = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
rows_of_values = st.lists(st.dictionaries(st.text(), values, max_size=4), max_size=4)


def read_back(value):
    """`value` with the spelled numbers as floats, as a model reads them in float columns."""
    if isinstance(value, str):
        return SPELLED.get(value, value)
    if isinstance(value, list):
        return [read_back(member) for member in value]
    if isinstance(value, dict):
        return {name: read_back(member) for name, member in value.items()}
    return value


@given(rows_of_values)
def test_what_is_written_reads_back_the_same(rows):
    body = encode(rows)
    assert repr(read_back(decode(body))) == repr(read_back(rows))
    assert b"NaN" not in body.replace(b'"NaN"', b"")


@given(st.lists(st.floats()))
def test_numpy_arrays_are_written_as_lists_of_numbers_are(numbers):
    array = np.array(numbers, np.float64)
    rows = [{"a": array, "b": list(array), "c": array.reshape(1, -1).T, "d": None}]
    plain_rows = [{"a": numbers, "b": numbers, "c": [[number] for number in numbers], "d": None}]
    assert encode(rows) == encode(plain_rows)
    del rows[0]["d"], plain_rows[0]["d"]
    assert encode(rows) == encode(plain_rows)


def test_numpy_scalars_are_plain_values():
    row = {
        "a": np.float64("nan"),
        "b": np.float32(0.5),
        "c": np.int8(3),
        "d": np.bool_(True),
        "e": np.str_("x"),
        "f": np.array(["NaN", "y"]),
        "g": (1, -math.inf),
    }
    assert orjson.loads(encode([row])) == [
        {"a": "NaN", "b": 0.5, "c": 3, "d": True, "e": "x", "f": ["NaN", "y"], "g": [1, "-Infinity"]}
    ]


@pytest.mark.parametrize("value", [object(), {1, 2}, 2**70, {1: 2}, b"bytes"])
def test_what_json_does_not_have_is_a_type_error(value):
    with pytest.raises(TypeError):
        encode([{"a": value}])


@given(st.binary())
def test_any_body_is_rows_or_malformed(body):
    try:
        rows = decode(body)
    except MalformedRequest:
        return
    assert all(isinstance(row, dict) for row in rows)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "the body is empty"),
        (b'[{"a": 1},', "line 1 column 11"),
        (b'[{"a": NaN}]', "line 1 column 8"),
        (b"3", "the body is a number, not a list of rows"),
        (b'[{"a": 1}, null]', "row 1 is null"),
        (b'[{"a": 1}, [1]]', "row 1 is a list"),
    ],
)
def test_a_malformed_body_is_told_where(body, message):
    with pytest.raises(MalformedRequest, match=message):
        decode(body)


def test_a_number_is_a_number_or_a_spelled_one():
    assert [number(value, 0, "a") for value in (1, 2.5, True, "Infinity", "-Infinity")] == [
        1,
        2.5,
        1,
        math.inf,
        -math.inf,
    ]
    assert math.isnan(number("NaN", 0, "a"))
    for value in (None, "", "nan", "1", [1], {}):
        with pytest.raises(InvalidInput) as caught:
            number(value, 3, "a")
        assert (caught.value.row, caught.value.column) == (3, "a")
        assert json_type(value) in str(caught.value)


def test_a_missing_column_is_named_with_its_row():
    with pytest.raises(InvalidInput, match="row 1 has no column 'b'") as caught:
        require_columns([{"a": 1, "b": 1}, {"a": 1}], ("a", "b"), "m")
    assert (caught.value.row, caught.value.column) == (1, "b")


def test_a_column_that_no_row_has_is_named_without_one():
    with pytest.raises(InvalidInput, match="there is no column 'b'") as caught:
        require_columns([{"a": 1}, {"a": 1}], ("a", "b"), "m")
    assert (caught.value.row, caught.value.column) == (None, "b")
