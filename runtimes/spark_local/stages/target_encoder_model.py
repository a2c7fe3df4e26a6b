"""TargetEncoderModel: for a category, the mean of the label among the rows that had it in training.

Spark's `ml/feature/TargetEncoder.scala`, 4.3 (since 4.0). `smoothing` draws a category that few rows had to the mean of
all. handleInvalid says what a category is that training did not see, or a null, if training saw none: `error` refuses
it, `keep` gives it the mean of all. Equal to the last bit. An output may take the place of a column that is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import Rejected
from ..fields import NUMBER, Attribute, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import number

_ALL = 2147483647.0
_NULL = -1.0
"""Two numbers that are no categories: under them are kept the mean of all rows, and of those with a null."""


@register
@dataclass(frozen=True)
class TargetEncoderModel(Stage):
    """`means`: of each column's categories. `n_values`: how many different means there are."""

    saved_as = ("org.apache.spark.ml.feature.TargetEncoderModel",)
    replaces = True

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    means: tuple[Mapping[float, float], ...]
    keep: bool
    n_values: tuple[int, ...]

    @classmethod
    def load(cls, saved: Saved) -> TargetEncoderModel:
        inputs, outputs = saved.columns()
        smoothing = saved.double("smoothing", 0.0)
        if not smoothing >= 0.0:
            raise saved.unreadable(f"smoothing is {smoothing}, which should be 0 at least")
        of_counts = saved.choice("targetType", ("binary", "continuous"), "binary") == "binary"
        keep = saved.choice("handleInvalid", ("error", "keep"), "error") == "keep"
        table = saved.table()
        columns = saved.whole_numbers(table, "index")
        if sorted(columns.tolist()) != list(range(len(inputs))):
            raise saved.unreadable(f"{len(inputs)} input columns, but categories of the columns {columns.tolist()}")
        rows = table.take(np.argsort(columns)).python()
        means = tuple(_means(saved, row, smoothing, of_counts) for row in rows)
        return cls(inputs, outputs, means, keep, tuple(len(set(of.values())) for of in means))

    def takes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.inputs, NUMBER)

    def makes(self) -> Mapping[str, Field]:
        return {
            made: Field("number", Attribute(made, "nominal", n_values=n))
            for made, n in zip(self.outputs, self.n_values, strict=True)
        }

    def apply(self, *values: Any) -> tuple[float, ...]:
        return tuple(map(self._mean, values, self.inputs, self.means))

    def _mean(self, value: object, column: str, means: Mapping[float, float]) -> float:
        category = number(value, column)
        found = means.get(_NULL if category is None else category)
        if found is not None and category not in (_ALL, _NULL):
            return found
        if self.keep:
            return means[_ALL]
        wrong = "is null" if category is None else f"is {category:g}"
        raise Rejected(f"{wrong}, which training did not see (handleInvalid is error)", column)


def _means(saved: Saved, row: Mapping[str, Any], smoothing: float, of_counts: bool) -> dict[float, float]:
    lists: list[Any] = [row.get(name) for name in ("categories", "counts", "stats")]
    if not all(isinstance(of, list) and all(type(v) is float for v in of) for of in lists):
        raise saved.unreadable("its categories, counts and stats are not lists of doubles")
    categories, counts, stats = lists
    if not len(categories) == len(counts) == len(stats) or _ALL not in categories or not all(n > 0.0 for n in counts):
        raise saved.unreadable("its categories, counts and stats do not belong together")
    seen = {category: (n, stat) for category, n, stat in zip(categories, counts, stats, strict=True)}
    of_all = seen[_ALL][1] / seen[_ALL][0] if of_counts else seen[_ALL][1]
    means = {}
    for category, (n, stat) in seen.items():
        weight = n / (n + smoothing)
        means[category] = weight * (stat / n if of_counts else stat) + (1 - weight) * of_all
    return means
