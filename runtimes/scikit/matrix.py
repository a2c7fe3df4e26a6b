"""Rows as the matrix that an estimator takes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from runtimes.base.model import Row
from runtimes.base.rows import number

Matrix = npt.NDArray[np.float64]

_NUMBERS = {float, int, bool}


def matrix(rows: list[Row], columns: tuple[str, ...]) -> Matrix:
    """The numbers of `columns`, in that order: (n_rows, n_columns), float64. Booleans are 0 and 1.

    InvalidInput names the first row and column that holds neither a number nor "NaN", "Infinity" or "-Infinity".
    """
    values = [row[column] for row in rows for column in columns]
    if not _NUMBERS.issuperset(map(type, values)):
        values = [number(row[column], at, column) for at, row in enumerate(rows) for column in columns]
    return np.array(values, np.float64).reshape(len(rows), len(columns))


def first_odd_column(row: npt.NDArray[np.float64]) -> int | None:
    """The first column that estimators refuse for its value alone: an infinity or what float32 does not hold, else NaN.

    NaN comes last, for many estimators take it and refuse the others.
    """
    too_large = np.abs(row) > np.finfo(np.float32).max
    for odd in (too_large, np.isnan(row)):
        if odd.any():
            return int(odd.argmax())
    return None
