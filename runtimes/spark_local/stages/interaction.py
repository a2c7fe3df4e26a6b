"""Interaction: the products of all combinations of its columns' numbers, categories one-hot encoded first.

Spark's `ml/feature/Interaction.scala`, 4.3. What is a category, and of how many, the stage before it tells; a column
that rows bring is a number. As in Spark, a category that a sparse vector leaves out counts as none of them. Sparse
where that is smaller, without zeros. A null or a boolean is refused, a NaN passes. Equal to the last bit: products are
taken from the last column to the first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Any

import numpy as np

from ..columns import Array, Column, compressed_rows, numbers, vectors
from ..errors import Rejected, Unreadable
from ..fields import ANY, Attribute, Field, vector
from ..nested import Booleans
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, compressed, kind, number, vector_of


@dataclass(frozen=True)
class _Encoder:
    """One column. `counts`: into how many numbers each of its numbers goes; `is_vector`: whether it holds several."""

    column: str
    is_vector: bool
    counts: tuple[int, ...]
    offsets: tuple[int, ...]
    size: int

    def of_value(self, value: object) -> list[tuple[int, float]]:
        """The places and numbers of a row's value that a sparse vector would hold."""
        if self.is_vector:
            found = vector_of(value, len(self.counts), self.column)
            pairs: Iterable[tuple[int, float]] = (
                zip(found.indices, found.values, strict=True) if isinstance(found, Sparse) else enumerate(found)
            )
            return [self._encoded(at, stored) for at, stored in pairs]
        if isinstance(value, list | dict | Sparse):
            raise Rejected(f"is {kind(value)}; a vector has to come from a stage that names its numbers", self.column)
        if (found_number := number(value, self.column)) is None:
            raise Rejected("is null, which this stage does not take", self.column)
        return [self._encoded(0, found_number)]

    def _encoded(self, at: int, found: float) -> tuple[int, float]:
        if self.counts[at] == 1:
            return self.offsets[at], found
        if not 0.0 <= found < self.counts[at] or not found.is_integer():
            raise Rejected(f"holds {found:g}, which is no index of {self.counts[at]} categories", self.column)
        return self.offsets[at] + int(found), 1.0

    def of_column(self, column: Column) -> tuple[Array, Booleans] | None:
        """(n_rows, size) each: the same for many rows, and which of it a sparse vector would hold.

        None: not all of them are dense and as they should be.
        """
        if self.is_vector:
            matrix = vectors(column)
        else:
            matrix = None if (scalars := numbers(column)) is None else scalars[:, None]
        if matrix is None or matrix.shape[1] != len(self.counts):
            return None
        encoded = np.zeros((len(matrix), self.size))
        held = np.zeros(encoded.shape, np.bool_)
        rows = np.arange(len(matrix))
        for at, (count, offset) in enumerate(zip(self.counts, self.offsets, strict=True)):
            found = matrix[:, at]
            if count > 1 and not ((found >= 0.0) & (found < count) & (found == np.trunc(found))).all():
                return None
            places = offset if count == 1 else offset + found.astype(np.int64)
            encoded[rows, places] = found if count == 1 else 1.0
            held[rows, places] = True
        return encoded, held


@register
@dataclass(frozen=True)
class Interaction(Stage):
    """`encoders`: one for each column, and `members`: what the products are called, once bound."""

    saved_as = ("org.apache.spark.ml.feature.Interaction",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    encoders: tuple[_Encoder, ...] = ()
    members: tuple[Attribute, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> Interaction:
        inputs = saved.texts("inputCols")
        if not inputs or len(set(inputs)) < len(inputs):
            raise saved.unreadable(f"inputCols should be columns, none of them twice: {list(inputs)}")
        return cls(inputs, (saved.output(),))

    def bind(self, known: Mapping[str, Field]) -> Interaction:
        encoders, members = [], None
        for name in reversed(self.inputs):
            encoder, encoded = _encoder(name, known.get(name, ANY))
            encoders.append(encoder)
            members = encoded if members is None else _products(encoded, members)
        return replace(self, encoders=tuple(encoders), members=tuple(members or ()))

    def takes(self) -> Mapping[str, Field]:
        return {of.column: vector(len(of.counts)) for of in self.encoders if of.is_vector}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(members=self.members)}

    def apply(self, *values: Any) -> tuple[Vector]:
        products, size = [(0, 1.0)], 1
        for encoder, value in zip(self.encoders, reversed(values), strict=True):
            encoded = encoder.of_value(value)
            products = [(index + at * size, product * found) for at, found in encoded for index, product in products]
            size *= encoder.size
        return (compressed(Sparse(size, [index for index, _ in products], [product for _, product in products])),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        products, held = np.ones((1, 1)), np.ones((1, 1), np.bool_)
        for encoder, column in zip(self.encoders, reversed(columns), strict=True):
            if (encoded := encoder.of_column(column)) is None:
                return None
            products, held = _outer(np.multiply, encoded[0], products), _outer(np.logical_and, encoded[1], held)
        return (compressed_rows(np.where(held, products, 0.0)),)


def _outer(of: np.ufunc, heads: Any, tails: Any) -> Any:
    """(n_rows, n_heads * n_tails): `of` all pairs of each row."""
    return of(heads[:, :, None], tails[:, None, :]).reshape(len(heads), -1)


def _encoder(name: str, column: Field) -> tuple[_Encoder, list[Attribute]]:
    """A column's encoder and what its numbers are called afterwards. Raises Unreadable."""
    is_vector = column.type == "vector"
    if column.type == "boolean":
        raise Unreadable(f"Interaction does not take booleans, as {name!r} holds")
    if is_vector:
        if column.members is None:
            raise Unreadable(f"Interaction has to be told what the numbers of the vectors {name!r} mean")
        attributes = column.members
    else:
        attribute = column.attribute or Attribute()
        attributes = (attribute if attribute.name else attribute.named(name),)
    counts = []
    for attribute in attributes:
        if attribute.kind == "nominal" and attribute.cardinality is None:
            raise Unreadable(f"Interaction has to be told how many categories {name!r} has")
        counts.append(max(1, attribute.cardinality or 1) if attribute.kind == "nominal" else 1)
    offsets = tuple(accumulate(counts, initial=0))
    members = [
        member
        for at, attribute in enumerate(attributes)
        for member in _encoded(name if is_vector else "", at, attribute)
    ]
    return _Encoder(name, is_vector, tuple(counts), offsets[:-1], offsets[-1]), members


def _encoded(group: str, at: int, attribute: Attribute) -> list[Attribute]:
    """What the numbers are called into which one goes."""
    name = "_".join(filter(None, (group, attribute.name or str(at))))
    if attribute.kind != "nominal":
        return [Attribute(name)]
    values = attribute.values if attribute.values is not None else range(attribute.cardinality or 0)
    return [Attribute(f"{name}_{value}", "binary") for value in values]


def _products(heads: Sequence[Attribute], tails: Sequence[Attribute]) -> list[Attribute]:
    return [Attribute(f"{head.name}:{tail.name}") for head in heads for tail in tails]
