"""ColumnPruner: drops columns. RFormula saves one, to be rid of what its stages made on the way.

Spark's `ml/feature/RFormula.scala`, 4.3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..registry import register
from ..saved import Saved
from ..stage import Stage


@register
@dataclass(frozen=True)
class ColumnPruner(Stage):
    """`dropped`: those that are gone after it, if they were there."""

    saved_as = ("org.apache.spark.ml.feature.ColumnPruner",)
    selects = True

    dropped: frozenset[str]
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()

    @classmethod
    def load(cls, saved: Saved) -> ColumnPruner:
        (dropped,) = saved.row("columnsToPrune")
        if not isinstance(dropped, list) or not all(isinstance(name, str) for name in dropped):
            raise saved.unreadable(f"its columnsToPrune are {dropped!r}, not a list of columns")
        return cls(frozenset(dropped))

    def select(self, columns: Sequence[str]) -> Sequence[str]:
        return [name for name in columns if name not in self.dropped]

    def apply(self, *values: Any) -> tuple[()]:  # noqa: ARG002
        return ()

    def apply_columns(self, *columns: Any) -> tuple[()]:  # noqa: ARG002
        return ()
