"""FPGrowthModel: what the rules, whose items a row has, say it will have besides.

Spark's `ml/fpm/FPGrowth.scala`, 4.3 (2.2 and later), and `mllib/fpm/AssociationRules.scala`. Rules are made of the
frequent sets again: all items of a set but one let expect that one, with the confidence that the two sets' counts tell.
The same items as Spark's; their order, which there depends on how rows are spread over machines, is here that of the
saved sets. A null row is an empty one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Rejected
from ..fields import Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import kind

_ITEMS = (str, int, float, type(None))


@register
@dataclass(frozen=True, kw_only=True)
class FPGrowthModel(Stage):
    """`rules`: the items that a row has to have, and the one that it is then to have besides."""

    saved_as = ("org.apache.spark.ml.fpm.FPGrowthModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    rules: tuple[tuple[frozenset[Any], Any], ...]

    @classmethod
    def load(cls, saved: Saved) -> FPGrowthModel:
        least = saved.double("minConfidence", 0.8)
        if not 0.0 <= least <= 1.0:
            raise saved.unreadable(f"minConfidence is {least}")
        table = saved.table()
        sets, freq = saved.lists(table, "items").python(), saved.numbers(table, "freq").tolist()
        if not all(type(item) in _ITEMS for items in sets for item in items):
            raise saved.unreadable("its frequent sets are not of text or numbers")
        if min(freq, default=1) < 1:
            raise saved.unreadable(f"a frequent set occurs {min(freq)} times")
        return cls(
            inputs=(saved.column("itemsCol", "items"),),
            outputs=(saved.column("predictionCol", "prediction"),),
            rules=tuple(_rules(dict(zip(map(tuple, sets), freq, strict=True)), least)),
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: Field("array")}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: Field("array")}

    def apply(self, *values: Any) -> tuple[list[Any]]:
        (value,) = values
        if value is None:
            return ([],)
        if not isinstance(value, list):
            raise Rejected(f"should be a list of items, not {kind(value)}", self.inputs[0])
        wrong = [item for item in value if type(item) not in _ITEMS]
        if wrong:
            raise Rejected(f"should hold text or numbers, not {kind(wrong[0])}", self.inputs[0])
        has = frozenset(value)
        return (list(dict.fromkeys(item for others, item in self.rules if others <= has and item not in has)),)


def _rules(counts: Mapping[tuple[Any, ...], int], least: float) -> Iterator[tuple[frozenset[Any], Any]]:
    """The rules whose confidence is `least` or above, from how often each frequent set occurs."""
    for items, count in counts.items():
        for item in items:
            others = tuple(other for other in items if other != item)
            if others in counts and count / counts[others] >= least:
                yield frozenset(others), item
