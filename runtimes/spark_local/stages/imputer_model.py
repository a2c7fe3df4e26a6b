"""ImputerModel: a column's mean, median or mode in place of a null or a missing value.

Spark's `ml/feature/Imputer.scala`, 4.3 (a single column, and columns of whole numbers: since 3.0). Values are compared
as doubles, a NaN with a `missingValue` of NaN too, and what comes out has the type of what went in: a whole number is
replaced by the surrogate cut to a whole number. A row's null does not tell its column's type: it is replaced by the
surrogate as a double, which Spark would cut in a column of whole numbers. Equal to the last bit else. An output may
take the place of a column that is there, its own input too.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..columns import Column, doubles
from ..errors import Rejected
from ..fields import NUMBER, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import number

_LONG = 2**63


@register
@dataclass(frozen=True)
class ImputerModel(Stage):
    """`surrogates`: one for each column."""

    saved_as = ("org.apache.spark.ml.feature.ImputerModel",)
    replaces = True

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    missing: float
    surrogates: tuple[float, ...]

    @classmethod
    def load(cls, saved: Saved) -> ImputerModel:
        inputs, outputs = saved.columns()
        surrogates = saved.row(*inputs)
        if not all(type(found) is float for found in surrogates):
            raise saved.unreadable(f"its surrogates are {surrogates}, not doubles")
        return cls(inputs, outputs, saved.double("missingValue", math.nan), tuple(surrogates))

    def takes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.inputs, NUMBER)

    def makes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.outputs, NUMBER)

    def apply(self, *values: Any) -> tuple[float, ...]:
        return tuple(map(self._imputed, values, self.surrogates, self.inputs))

    def _imputed(self, value: object, surrogate: float, column: str) -> float:
        found = number(value, column)
        missing = self.missing
        if found is None:
            return surrogate
        if found == missing or (found != found and missing != missing):
            found = surrogate
        return _whole(found, column) if type(value) is int else found

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        made = []
        for column, surrogate in zip(columns, self.surrogates, strict=True):
            numbers = doubles(column)
            if numbers is None or (isinstance(column, list) and set(map(type, column)) != {float}):
                return None
            missing = np.isnan(numbers) if math.isnan(self.missing) else numbers == self.missing
            made.append(np.where(missing, surrogate, numbers))
        return tuple(made)


def _whole(found: float, column: str) -> int:
    """A double cast to a bigint, as Spark casts it: 2**63 itself, which doubles near it round to, is cut to fit."""
    if not -_LONG <= found <= _LONG:
        raise Rejected(f"would become {found}, which no whole number holds", column)
    return min(int(found), _LONG - 1)
