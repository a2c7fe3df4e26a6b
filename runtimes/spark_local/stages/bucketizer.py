"""Bucketizer: which bucket, between two of the ascending `splits`, a number is in; QuantileDiscretizer saves one too.

Spark's `ml/feature/Bucketizer.scala`, 4.3 (several columns: since 2.3). A bucket holds its lower split, the last one
its upper split too; -0.0 lies below 0.0, as Java's binary search has it, unless 0.0 is the last split. handleInvalid
says what a NaN is: `error` refuses it, `keep` gives it a bucket of its own after the last, `skip` drops the row; a null
stays null, but `skip` drops it too. A number outside of the splits is always refused. Equal to the last bit.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from ..columns import Array, Column, numbers
from ..errors import Rejected
from ..fields import NUMBER, Attribute, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import number, text


@register
@dataclass(frozen=True)
class Bucketizer(Stage):
    """`splits`: those of each column."""

    saved_as = ("org.apache.spark.ml.feature.Bucketizer",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    splits: tuple[tuple[float, ...], ...]
    handle_invalid: str

    @classmethod
    def load(cls, saved: Saved) -> Bucketizer:
        inputs, outputs = saved.columns()
        several = saved.is_set("inputCols")
        splits = saved.lists_of_doubles("splitsArray") if several else (saved.doubles("splits") or (),)
        if len(splits) != len(inputs):
            raise saved.unreadable(f"{len(inputs)} input columns, but splitsArray has splits for {len(splits)}")
        for of_column in splits:
            if len(of_column) < 3 or not all(a < b for a, b in pairwise(of_column)):
                raise saved.unreadable(f"the splits {list(of_column)} should be three at least, and ascend")
        handle_invalid = saved.choice("handleInvalid", ("error", "skip", "keep"), "error")
        return cls(inputs, outputs, splits, handle_invalid)

    @property
    def drops_rows(self) -> bool:  # type: ignore[override]
        return self.handle_invalid == "skip"

    def takes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.inputs, NUMBER)

    def makes(self) -> Mapping[str, Field]:
        return {
            made: Field("number", Attribute(made, "nominal", tuple(f"{text(a)}, {text(b)}" for a, b in pairwise(of))))
            for made, of in zip(self.outputs, self.splits, strict=True)
        }

    def apply(self, *values: Any) -> tuple[float | None, ...] | None:
        row = [number(value, column) for value, column in zip(values, self.inputs, strict=True)]
        if self.handle_invalid == "skip" and any(found is None or found != found for found in row):
            return None
        return tuple(map(self._bucket, row, self.splits, self.inputs))

    def _bucket(self, found: float | None, splits: tuple[float, ...], column: str) -> float | None:
        if found is None:
            return None
        if found != found:
            if self.handle_invalid == "keep":
                return float(len(splits) - 1)
            raise Rejected("is NaN (handleInvalid is error)", column)
        if found == splits[-1]:
            return float(len(splits) - 2)
        bucket = bisect_right(splits, found) - 1
        if found == 0.0 and math.copysign(1.0, found) < 0.0:
            bucket = _below_zero(splits, bucket)
        if not 0 <= bucket < len(splits) - 1:
            raise Rejected(f"is {found}, outside of the splits, which go from {splits[0]} to {splits[-1]}", column)
        return float(bucket)

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        made = []
        for column, splits in zip(columns, self.splits, strict=True):
            found = numbers(column)
            buckets = None if found is None else self._buckets(found, splits)
            if buckets is None:
                return None
            made.append(buckets)
        return tuple(made)

    def _buckets(self, found: Array, splits: tuple[float, ...]) -> Array | None:
        nan = np.isnan(found)
        if nan.any() and self.handle_invalid != "keep":
            return None
        last = len(splits) - 1
        buckets = np.searchsorted(splits, found, side="right") - 1
        below_zero = (found == 0.0) & np.signbit(found)
        buckets[below_zero] = _below_zero(splits, bisect_right(splits, 0.0) - 1)
        buckets[found == splits[-1]] = last - 1
        buckets[nan] = 0
        if not ((buckets >= 0) & (buckets < last)).all():
            return None
        buckets[nan] = last
        return buckets.astype(np.float64)


def _below_zero(splits: tuple[float, ...], of_zero: int) -> int:
    """The bucket of -0.0, where 0.0 would fall into `of_zero`."""
    at = bisect_left(splits, 0.0)
    return at - 1 if at < len(splits) and splits[at] == 0.0 and math.copysign(1.0, splits[at]) > 0.0 else of_zero
