"""VectorSlicer: the numbers of a vector at some indices, then those with some names.

Spark's `ml/feature/VectorSlicer.scala`, 4.3. Names are those that a stage before it gave. Unlike the selectors it drops
the explicit zeros of a sparse vector. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..columns import Column
from ..errors import Unreadable
from ..fields import ANY, Field, vector
from ..registry import register
from ..saved import Saved
from ..selection import Selection
from ..stage import Stage
from ..values import Sparse, Vector, vector_of, without_zeros


@register
@dataclass(frozen=True)
class VectorSlicer(Stage):
    """`selection`: the indices alone until it is bound. `names`: those that come after them.

    `size`: the numbers that a vector has to hold for the names to be those of its numbers.
    """

    saved_as = ("org.apache.spark.ml.feature.VectorSlicer",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    selection: Selection
    names: tuple[str, ...]
    size: int | None = None

    @classmethod
    def load(cls, saved: Saved) -> VectorSlicer:
        indices, names = saved.integers("indices", ()), saved.texts("names", ())
        if not indices and not names:
            raise saved.unreadable("it selects neither an index nor a name")
        if any(index < 0 for index in indices) or "" in names:
            raise saved.unreadable(f"an index is below 0 or a name empty: {list(indices)}, {list(names)}")
        if len(set(indices)) < len(indices) or len(set(names)) < len(names):
            raise saved.unreadable(f"an index or a name stands there twice: {list(indices)}, {list(names)}")
        return cls((saved.column("inputCol"),), (saved.output(),), Selection(indices), names)

    def bind(self, known: Mapping[str, Field]) -> VectorSlicer:
        column = known.get(self.inputs[0], ANY)
        index_of = {member.name: index for index, member in enumerate(column.members or ())}
        if unknown := next((name for name in self.names if name not in index_of), None):
            raise Unreadable(f"VectorSlicer takes the feature {unknown!r}, which no stage before it makes")
        indices = (*self.selection.indices, *(index_of[name] for name in self.names))
        if len(set(indices)) < len(indices):
            raise Unreadable(f"VectorSlicer takes a feature both by index and by name: {list(self.names)}")
        if self.names:
            column = vector(members=column.members)  # each row is held to it
        return replace(self, selection=Selection(indices).of_field(column), size=column.size if self.names else None)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: self.selection.field()}

    def apply(self, *values: Any) -> tuple[Vector]:
        found = self.selection.of_value(vector_of(values[0], self.size, self.inputs[0]), self.inputs[0])
        return (without_zeros(found) if isinstance(found, Sparse) else found,)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        made = self.selection.of_column(columns[0])
        return None if made is None or self.size is not None else (made,)
