"""A column of many rows, between the form that rows have and the one that NumPy computes with.

Only what means the same in both forms is turned: doubles without nulls, and dense vectors of one size. The functions
answer None for all else, and such a column is then scored row by row.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[np.float64]

# The rows' values as a stage's `apply` takes them; or (n_rows,) doubles; or (n_rows, size) dense vectors.
Column: TypeAlias = "list[Any] | Array"


def doubles(column: Column) -> Array | None:
    """(n_rows,): the column if it holds numbers and booleans only, none of them null or too large for a double."""
    if isinstance(column, np.ndarray):
        return column if column.ndim == 1 else None
    if not set(map(type, column)) <= {float, int, bool}:
        return None
    try:
        return np.array(column, np.float64)
    except OverflowError:
        return None


def vectors(column: Column) -> Array | None:
    """(n_rows, size): the column if it holds dense vectors of one size only."""
    if isinstance(column, np.ndarray):
        return column if column.ndim == 2 else None
    if set(map(type, column)) != {list} or len(set(map(len, column))) != 1:
        return None
    if any(set(map(type, row)) - {float} for row in column):
        return None
    return np.array(column, np.float64).reshape(len(column), -1) if column[0] else None


def values(column: Column) -> list[Any]:
    """The rows' values: floats and lists of floats for an array."""
    return column if isinstance(column, list) else column.tolist()
