"""VectorIndexerModel: the numbers of a vector that stand for categories, as indices; the others stay as they are.

Spark's `ml/feature/VectorIndexer.scala`, 4.3. handleInvalid (2.3 on) says what a category is that training did not see,
as a NaN always is: `error` refuses it, `skip` drops the row, `keep` gives it the index after the last. What a sparse
vector leaves out is not looked at: it stays 0.0. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..columns import Column, vectors
from ..errors import Rejected
from ..fields import ANY, MOST_NAMED, Attribute, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, text, vector_of


@register
@dataclass(frozen=True)
class VectorIndexerModel(Stage):
    """`size`: numbers in each vector. `index_of`: for those that stand for categories, the index of each."""

    saved_as = ("org.apache.spark.ml.feature.VectorIndexerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    size: int
    index_of: Mapping[int, Mapping[float, float]]
    handle_invalid: str
    members: tuple[Attribute, ...] | None = None

    @classmethod
    def load(cls, saved: Saved) -> VectorIndexerModel:
        size, stored = saved.row("numFeatures", "categoryMaps")
        maps = saved.mapping(stored, "categoryMaps", list)
        if type(size) is not int or not all(type(at) is int and 0 <= at < size for at in maps):
            raise saved.unreadable(f"the categories of the features {list(maps)} do not fit {size!r} features")
        index_of = {}
        for at in sorted(maps):
            indices = saved.mapping(maps[at], f"the categories of feature {at}", int)
            if not all(type(value) is float for value in indices) or set(indices.values()) != set(range(len(indices))):
                raise saved.unreadable(f"the categories of feature {at} are {indices}, not doubles by index")
            index_of[at] = {value: float(index) for value, index in indices.items()}
        handle_invalid = saved.choice("handleInvalid", ("error", "skip", "keep"), "error")
        return cls((saved.column("inputCol"),), (saved.output(),), size, index_of, handle_invalid)

    @property
    def drops_rows(self) -> bool:  # type: ignore[override]
        return self.handle_invalid == "skip"

    def bind(self, known: Mapping[str, Field]) -> VectorIndexerModel:
        members = known.get(self.inputs[0], ANY).members
        if members is None or len(members) != self.size:
            if self.size > MOST_NAMED:
                return self
            members = (Attribute(),) * self.size
        return replace(self, members=tuple(self._member(at, member) for at, member in enumerate(members)))

    def _member(self, at: int, member: Attribute) -> Attribute:
        if at not in self.index_of:
            return member
        values = tuple(map(text, sorted(self.index_of[at])))
        if self.handle_invalid == "keep":
            return Attribute(member.name, "nominal", (*values, "__unknown"))
        return Attribute(member.name, "binary" if len(values) == 2 else "nominal", values)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.size, self.members)}

    def apply(self, *values: Any) -> tuple[Vector] | None:
        found = vector_of(values[0], self.size, self.inputs[0])
        if isinstance(found, Sparse):
            stored = self._indexed(found.values, [(p, at) for p, at in enumerate(found.indices) if at in self.index_of])
            return None if stored is None else (found._replace(values=stored),)
        numbers = self._indexed(found, [(at, at) for at in self.index_of])
        return None if numbers is None else (numbers,)

    def _indexed(self, numbers: list[float], categories: list[tuple[int, int]]) -> list[float] | None:
        """`numbers` with an index at each place that holds a category of some feature; None drops the row."""
        numbers = numbers.copy()
        for place, at in categories:
            value = numbers[place]
            index = self.index_of[at].get(value)
            if index is None or value != value:
                if self.handle_invalid == "skip":
                    return None
                if self.handle_invalid == "error":
                    wrong = f"has {value:g} at position {at}, which training did not see (handleInvalid is error)"
                    raise Rejected(wrong, self.inputs[0])
                index = float(len(self.index_of[at]))
            numbers[place] = index
        return numbers

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != self.size:
            return None
        made = matrix.copy()
        for at, index_of in self.index_of.items():
            values = np.array(sorted(index_of))
            indices = np.array([index_of[value] for value in values.tolist()])
            places = np.minimum(np.searchsorted(values, matrix[:, at]), len(values) - 1)
            unseen = values[places] != matrix[:, at]
            if unseen.any() and self.handle_invalid != "keep":
                return None
            made[:, at] = np.where(unseen, float(len(values)), indices[places])
        return (made,)
