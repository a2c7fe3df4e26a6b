"""VectorSizeHint: says how many numbers a column's vectors hold, which a VectorAssembler may have to know.

Spark's `ml/feature/VectorSizeHint.scala`, 4.3 (since 2.3). It makes no column. handleInvalid says what a vector of
another size is, or a null: `error` refuses it, `skip` drops the row, `optimistic` does not look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from ..columns import Column, SparseRows, sparse_rows, vectors
from ..fields import ANY, Field
from ..fields import vector as vector_field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, vector, vector_of


@register
@dataclass(frozen=True)
class VectorSizeHint(Stage):
    """`field`: what is known of the column after it."""

    saved_as = ("org.apache.spark.ml.feature.VectorSizeHint",)

    inputs: tuple[str, ...]
    size: int
    handle_invalid: str
    field: Field = ANY
    outputs: tuple[str, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> VectorSizeHint:
        size = saved.integer("size")
        if size < 0:
            raise saved.unreadable(f"size is {size}, which should be 0 at least")
        handle_invalid = saved.choice("handleInvalid", ("error", "skip", "optimistic"), "error")
        return cls((saved.column("inputCol"),), size, handle_invalid)

    @property
    def drops_rows(self) -> bool:  # type: ignore[override]
        return self.handle_invalid == "skip"

    def bind(self, known: Mapping[str, Field]) -> VectorSizeHint:
        column = known.get(self.inputs[0], ANY)
        checked = self.handle_invalid != "optimistic" and len(column.members or ()) == self.size
        members = column.members if checked or column.size == self.size else None
        return replace(self, field=vector_field(self.size, members))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector_field(self.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: self.field}

    def apply(self, *values: Any) -> tuple[()] | None:
        (value,) = values
        if self.handle_invalid == "error":
            vector_of(value, self.size, self.inputs[0])
            return ()
        found = vector(value, self.inputs[0])
        size = found.size if isinstance(found, Sparse) else -1 if found is None else len(found)
        return () if size == self.size or self.handle_invalid == "optimistic" else None

    def apply_columns(self, *columns: Column) -> tuple[()] | None:
        column = vectors(columns[0]) if (rows := sparse_rows(columns[0])) is None else rows
        if column is None:
            return None
        size = column.size if isinstance(column, SparseRows) else column.shape[1]
        return () if size == self.size else None
