"""One-hot vectors: a 1 at a category's index, and what their numbers are called. Two stages make them.

Spark's `ml/feature/OneHotEncoder.scala`, 2.0 to 4.3. An index is cut to a whole number; one from the vector's size on
leaves it without a 1.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .columns import Array, SparseRows
from .errors import Unreadable
from .fields import Attribute, Field
from .values import Sparse


def categories(name: str, column: Field) -> tuple[str, ...] | None:
    """What the categories of a column are called, as far as is known. Raises Unreadable if it has none."""
    attribute = column.attribute
    if attribute is None or attribute.kind == "unresolved":
        return None
    if attribute.kind == "numeric":
        raise Unreadable(f"the column {name!r} has no categories: the stage before says that it is continuous")
    if attribute.values is None and attribute.cardinality is not None:
        return tuple(map(str, range(attribute.cardinality)))
    return attribute.values


def indicators(names: Sequence[str]) -> tuple[Attribute, ...]:
    """What the numbers of a one-hot vector mean."""
    return tuple(Attribute(name, "binary") for name in names)


def one_hot(index: float, size: int) -> Sparse:
    """The vector of an index from 0 up."""
    return Sparse(size, [int(index)], [1.0]) if index < size else Sparse(size, [], [])


def one_hot_rows(indices: Array, size: int) -> SparseRows:
    """The vectors of (n_rows,) indices from 0 up."""
    filled = indices < size
    starts = np.concatenate([[0], np.cumsum(filled)])
    return SparseRows(size, starts, indices[filled].astype(np.int64), np.ones(starts[-1]))
