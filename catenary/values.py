"""A JSON value, as sentences for a client speak of it."""

from __future__ import annotations


def json_type(value: object) -> str:
    """What a client calls the type of `value`; short texts are shown."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, str):
        return f"the text {value!r}" if len(value) <= 40 else "a text"
    return "a list" if isinstance(value, list) else "an object"
