"""Rows as JSON: `[{column: value}, …]`, with NaN and ±Inf as the strings "NaN", "Infinity" and "-Infinity".

Owns the reading and writing of bodies. Which strings stand for numbers is for the model to say: it reads them with
`number`.
"""

from __future__ import annotations

import math
from typing import Any

import orjson

from catenary.errors import InvalidInput, MalformedRequest
from catenary.values import json_type
from runtimes.base.model import Row

SPELLED = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
"""The floats that JSON numbers cannot be, by their spelling (ProtoJSON's)."""

_OPTIONS = orjson.OPT_SERIALIZE_NUMPY | orjson.OPT_PASSTHROUGH_DATACLASS


def decode(body: bytes) -> list[Row]:
    """The rows in `body`; a single object is one row. MalformedRequest says where it is not that."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"the body is not JSON: {error}" if body else "the body is empty, not JSON") from error
    if isinstance(value, dict):
        return [value]
    if not isinstance(value, list):
        raise MalformedRequest(f"the body is {json_type(value)}, not a list of rows")
    for at, row in enumerate(value):
        if not isinstance(row, dict):
            raise MalformedRequest(f"row {at} is {json_type(row)}, not an object of columns and values")
    return value


def encode(rows: list[Row]) -> bytes:
    """The inverse of `decode`, NumPy's arrays and scalars taken too; TypeError for what JSON does not have."""
    body = orjson.dumps(rows, _listed, _OPTIONS)
    if b"null" not in body:
        return body
    # orjson writes a NaN or an infinity as null: where there is a null, one of them may be behind it.
    return orjson.dumps(_spelled(rows), _listed, _OPTIONS)


def number(value: object, row: int, column: str) -> float:
    """`value` as a float; InvalidInput, naming `row` and `column`, if it is neither a number nor one of `SPELLED`."""
    if isinstance(value, (int, float)):
        return float(value)
    if isinstance(value, str) and value in SPELLED:
        return SPELLED[value]
    raise InvalidInput(
        f"column {column!r} of row {row} must be a number, not {json_type(value)}", row=row, column=column
    )


def require_columns(rows: list[Row], columns: tuple[str, ...], model: str) -> None:
    """InvalidInput names the first column that a row lacks, and the row, unless no row has it."""
    needed = set(columns)
    for at, row in enumerate(rows):
        if needed <= row.keys():
            continue
        column = next(name for name in columns if name not in row)
        if any(column in other for other in rows):
            raise InvalidInput(f"row {at} has no column {column!r}, which {model!r} needs", row=at, column=column)
        raise InvalidInput(f"there is no column {column!r}, which {model!r} needs", column=column)


def require_shallow(body: bytes) -> None:
    """MalformedRequest where the rows in `body` are nested so deeply that they can be read, but not written again."""
    try:
        encode(decode(body))
    except (TypeError, RecursionError) as error:
        raise MalformedRequest("the rows are nested too deeply") from error


def _spelled(value: Any) -> Any:
    """`value` with every NaN and infinity in it as its string."""
    if isinstance(value, float):
        if math.isfinite(value):
            return value
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {name: _spelled(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [_spelled(member) for member in value]
    if hasattr(value, "tolist"):
        return _spelled(value.tolist())
    return value


def _listed(value: Any) -> Any:
    """What orjson does not know by itself: NumPy arrays that are not contiguous, or of texts."""
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is not a JSON value")
