"""VectorAttributeRewriter: gives the numbers of a vector other names, and puts its column last.

Spark's `ml/feature/RFormula.scala`, 4.3. RFormula saves one, so that its features are called what the formula calls
them. What is replaced is replaced wherever it stands in a name, in the order of the saved map.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..fields import ANY, Attribute, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage


@register
@dataclass(frozen=True)
class VectorAttributeRewriter(Stage):
    """`rewritten`: what to replace in names, and with what. `field`: the column after it, once bound."""

    saved_as = ("org.apache.spark.ml.feature.VectorAttributeRewriter",)
    selects = True

    column: str
    rewritten: Mapping[str, str]
    field: Field = ANY
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> VectorAttributeRewriter:
        column, stored = saved.row("vectorCol", "prefixesToRewrite")
        rewritten = saved.mapping(stored, "prefixesToRewrite", str)
        if not isinstance(column, str) or not all(isinstance(name, str) for name in rewritten):
            raise saved.unreadable(f"it rewrites {rewritten!r} in the names of {column!r}")
        return cls(column, rewritten)

    def bind(self, known: Mapping[str, Field]) -> VectorAttributeRewriter:
        field = known.get(self.column, ANY)
        if field.members is None:
            return replace(self, field=field)
        return replace(self, field=replace(field, members=tuple(map(self._member, field.members))))

    def _member(self, member: Attribute) -> Attribute:
        name = member.name
        for old, new in self.rewritten.items() if name else ():
            name = name and name.replace(old, new)
        return member.named(name)

    def makes(self) -> Mapping[str, Field]:
        return {self.column: self.field}

    def select(self, columns: Sequence[str]) -> Sequence[str]:
        if self.column not in columns:
            return columns
        return [*(name for name in columns if name != self.column), self.column]

    def apply(self, *values: Any) -> tuple[()]:  # noqa: ARG002
        return ()

    def apply_columns(self, *columns: Any) -> tuple[()]:  # noqa: ARG002
        return ()
