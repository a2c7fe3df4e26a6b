"""HashingTF: how often the terms of each bucket occur; a term's bucket is its hash modulo their number.

Spark's `ml/feature/HashingTF.scala`, 4.3. Always a sparse vector. Models that Spark 2 saved keep their own hash (see
`murmur3`). A null counts as a term; numbers are hashed as bigint or double, as Spark reads them from JSON, and whole
numbers beside others as doubles. Equal to Spark to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np

from ..columns import Column, SparseRows
from ..errors import Rejected
from ..fields import Field
from ..fields import vector as vector_field
from ..murmur3 import Buckets, bucket, hash_value
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, kind

_TEXT = {str}
_HASHABLE: tuple[set[type], ...] = ({str}, {bool}, {int}, {float}, {int, float}, set())


@register
@dataclass(frozen=True)
class HashingTF(Stage):
    """`before_3`: whether the hash is that of Spark 2."""

    saved_as = ("org.apache.spark.ml.feature.HashingTF",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    n_features: int
    binary: bool
    before_3: bool

    @classmethod
    def load(cls, saved: Saved) -> HashingTF:
        n_features = saved.integer("numFeatures", 1 << 18)
        if not 0 < n_features < 2**31:
            raise saved.unreadable(f"numFeatures is {n_features}")
        binary = saved.flag("binary", False)
        return cls((saved.column("inputCol"),), (saved.output(),), n_features, binary, saved.spark_version < (3, 0))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: Field("array")}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector_field(self.n_features)}

    def apply(self, *values: Any) -> tuple[Sparse]:
        counts: dict[int, float] = {}
        for index in self._buckets(values[0]):
            counts[index] = counts.get(index, 0.0) + 1.0
        indices = sorted(counts)
        numbers = [1.0] * len(indices) if self.binary else [counts[index] for index in indices]
        return (Sparse(self.n_features, indices, numbers),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        if not isinstance(columns[0], list):
            return None
        n_rows = len(columns[0])
        flat = np.fromiter(chain.from_iterable(map(self._buckets, columns[0])), np.int64)
        lengths = np.fromiter(map(len, columns[0]), np.int64, n_rows)
        # A row's buckets behind those of the row before: one sort counts them all
        numbered, counts = np.unique(np.repeat(np.arange(n_rows), lengths) * self.n_features + flat, return_counts=True)
        rows, indices = np.divmod(numbered, self.n_features)
        starts = np.searchsorted(rows, np.arange(n_rows + 1))
        numbers = np.ones(len(counts)) if self.binary else counts.astype(np.float64)
        return (SparseRows(self.n_features, starts, indices, numbers),)

    def _buckets(self, terms: Any) -> Iterable[int]:
        """The bucket of each term."""
        if type(terms) is not list:
            raise Rejected(f"should be a list of terms, not {kind(terms)}", self.inputs[0])
        types = set(map(type, terms))
        if types == _TEXT:
            return map(self._buckets_of_text.__getitem__, terms)
        if types - {type(None)} not in _HASHABLE:
            raise Rejected("should be a list of texts, of numbers or of booleans", self.inputs[0])
        if int in types and any(type(term) is int and not -(2**63) <= term < 2**63 for term in terms):
            raise Rejected("holds a whole number of more than 64 bits", self.inputs[0])
        as_double = float in types
        return [self._bucket(float(term) if as_double and term is not None else term) for term in terms]

    def _bucket(self, term: str | float | None) -> int:
        if isinstance(term, str):
            return self._buckets_of_text[term]
        return bucket(hash_value(term), self.n_features)

    @cached_property
    def _buckets_of_text(self) -> Buckets:
        return Buckets(self.n_features, before_3=self.before_3)
