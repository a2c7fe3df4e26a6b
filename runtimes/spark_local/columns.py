"""A column of many rows, between the form that rows have and the one that NumPy computes with.

Only what means the same in both forms is turned: doubles without nulls, and vectors of one size, all dense or all
sparse. The functions answer None for all else, and such a column is then scored row by row.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from .values import Sparse, compressed, plain, sparse_is_smaller

Array: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]


_MOST_WRITTEN_OUT = 1 << 24
"""The most numbers to which sparse vectors are written out."""
_MOST_LISTED = 1 << 16
"""The most numbers that `sequence` has as a list."""


class SparseRows(NamedTuple):
    """Sparse vectors of `size` numbers: row i holds `indices` and `values` from `starts[i]` to `starts[i + 1]`."""

    size: int
    starts: Integers
    indices: Integers
    values: Array

    def row_numbers(self) -> Integers:
        """(n_values,): the row that each value belongs to."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


# The rows' values as a stage's `apply` takes them; (n_rows,) doubles; (n_rows, size) dense vectors; or sparse ones.
Column: TypeAlias = "list[Any] | Array | SparseRows"


def sequence(numbers: Array) -> Sequence[float]:
    """(n,): `numbers` for `apply`, which takes one at a time.

    A list is the fastest for that, but a float in it has four times the room: many numbers stay where they are.
    """
    return numbers.tolist() if len(numbers) <= _MOST_LISTED else np.ascontiguousarray(numbers).data


def doubles(column: Column) -> Array | None:
    """(n_rows,): the column if it holds numbers and booleans only, none of them null or too large for a double."""
    if isinstance(column, np.ndarray):
        return column if column.ndim == 1 else None
    if isinstance(column, SparseRows) or not set(map(type, column)) <= {float, int, bool}:
        return None
    try:
        return np.array(column, np.float64)
    except OverflowError:
        return None


def numbers(column: Column) -> Array | None:
    """(n_rows,): the same where none is a boolean."""
    return None if isinstance(column, list) and bool in set(map(type, column)) else doubles(column)


def vectors(column: Column) -> Array | None:
    """(n_rows, size): the column if it holds dense vectors of one size only."""
    if isinstance(column, np.ndarray):
        return column if column.ndim == 2 else None
    if isinstance(column, SparseRows) or set(map(type, column)) != {list} or len(sizes := set(map(len, column))) != 1:
        return None
    if set(map(type, chain.from_iterable(column))) != {float}:
        return None
    (size,) = sizes
    return np.fromiter(chain.from_iterable(column), np.float64, len(column) * size).reshape(-1, size)


def dense_vectors(column: Column, size: int) -> Array | None:
    """(n_rows, size): the column if it holds vectors of `size` numbers, sparse ones written out.

    For what takes a number that a sparse vector leaves out as it takes a 0.
    """
    if isinstance(column, SparseRows):
        if column.size != size or size * (len(column.starts) - 1) > _MOST_WRITTEN_OUT:
            return None
        matrix = np.zeros((len(column.starts) - 1, size))
        matrix[column.row_numbers(), column.indices] = column.values
        return matrix
    if isinstance(column, list) and Sparse in (kinds := set(map(type, column))):
        if kinds != {list, Sparse} or size * len(column) > _MOST_WRITTEN_OUT:
            return None if (sparse := sparse_rows(column)) is None else dense_vectors(sparse, size)
        column = [row.dense() if type(row) is Sparse and row.size == size else row for row in column]
    found = vectors(column)
    return found if found is not None and found.shape[1] == size else None


def sparse_rows(column: Column) -> SparseRows | None:
    """The column if it holds sparse vectors of one size only."""
    if isinstance(column, SparseRows):
        return column
    if isinstance(column, np.ndarray) or set(map(type, column)) != {Sparse}:
        return None
    size = column[0].size
    if any(row.size != size for row in column):
        return None
    starts = np.concatenate([[0], np.cumsum([len(row.indices) for row in column])])
    indices = np.fromiter(chain.from_iterable(row.indices for row in column), np.int64, starts[-1])
    numbers = np.fromiter(chain.from_iterable(row.values for row in column), np.float64, starts[-1])
    return SparseRows(size, starts, indices, numbers)


def row_sums(rows: Array) -> Array:
    """(n_rows, 1): the sum of each row from the left, where NumPy's own would add in pairs."""
    total = np.zeros((len(rows), 1))
    for column in rows.T:
        total += column[:, None]
    return total


def compressed_rows(matrix: Array) -> Column:
    """Dense vectors, (n_rows, size), each in the smaller form: a list of them where one at least is to be sparse."""
    if sparse_is_smaller(np.count_nonzero(matrix, axis=1).min(initial=matrix.shape[1]), matrix.shape[1]):
        return list(map(compressed, matrix.tolist()))
    return matrix


def values(column: Column) -> list[Any]:
    """The rows' values: floats, lists of floats or `Sparse`."""
    if isinstance(column, SparseRows):
        indices, numbers, starts = column.indices.tolist(), column.values.tolist(), column.starts.tolist()
        return [Sparse(column.size, indices[a:b], numbers[a:b]) for a, b in pairwise(starts)]
    return column if isinstance(column, list) else column.tolist()


def plain_values(column: Column) -> list[Any]:
    """The rows' values in the form in which they leave, see `plain`."""
    if isinstance(column, list) and Sparse not in set(map(type, column)):
        return column
    return values(column) if isinstance(column, np.ndarray) else list(map(plain, values(column)))
