"""StringIndexerModel: the index of a label; numbers are cast to string first, as Java writes them.

Spark's `ml/feature/StringIndexer.scala`, 4.3 (several columns: 3.0 and later; `labels` in place of `labelsArray`: 2.x).
handleInvalid says what an unseen label or a null is: `error` refuses it, `skip` drops the row (and one whose number is
NaN), `keep` gives it the index after the last. A column that a row lacks is passed over, so that a label may be absent;
Spark 3 and later fail there if the rows are to be skipped. The order of the labels is the saved one.

JSON does not tell 1 from 1.0, so a whole number that is no label as it stands is looked up in the other spelling too.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..columns import Column
from ..errors import Rejected, Unreadable
from ..fields import ANY, Attribute, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import MISSING, kind, text

_DOUBLE = re.compile(r"-?\d+\.\d+(E-?\d+)?", re.ASCII)
_INTEGER = re.compile(r"-?\d{1,15}", re.ASCII)


@register
@dataclass(frozen=True)
class StringIndexerModel(Stage):
    """`labels`: those of each column in turn. `of_text` and `of_number`: the index of a label, and of a cast number."""

    saved_as = ("org.apache.spark.ml.feature.StringIndexerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    labels: tuple[tuple[str, ...], ...]
    handle_invalid: str
    of_text: tuple[Mapping[str, float], ...]
    of_number: tuple[Mapping[str, float], ...]

    @classmethod
    def load(cls, saved: Saved) -> StringIndexerModel:
        inputs, outputs = saved.columns()
        labels = _labels(saved)
        if len(inputs) != len(labels):
            raise saved.unreadable(f"{len(inputs)} input columns, but {len(labels)} lists of labels")
        of_text = tuple({label: float(index) for index, label in enumerate(of)} for of in labels)
        handle_invalid = saved.choice("handleInvalid", ("error", "skip", "keep"), "error")
        return cls(inputs, outputs, labels, handle_invalid, of_text, tuple(map(_with_spellings, of_text)))

    @property
    def drops_rows(self) -> bool:  # type: ignore[override]
        return self.handle_invalid == "skip"

    def bind(self, known: Mapping[str, Field]) -> StringIndexerModel:
        if decimal := next((name for name in self.inputs if known.get(name, ANY).type == "decimal"), None):
            raise Unreadable(f"StringIndexerModel takes the text of {decimal!r}, which is a decimal: cast it to double")
        return self

    def sources(self, outputs: Sequence[str]) -> tuple[str, ...]:
        return tuple(source for source, made in zip(self.inputs, self.outputs, strict=True) if made in outputs)

    def makes(self) -> Mapping[str, Field]:
        unknown = ("__unknown",) if self.handle_invalid == "keep" else ()
        return {
            made: Field("number", Attribute(made, "nominal", of + unknown))
            for made, of in zip(self.outputs, self.labels, strict=True)
        }

    def apply(self, *values: Any) -> tuple[Any, ...] | None:
        found: list[Any] = []
        for position, value in enumerate(values):
            if value is MISSING:
                found.append(MISSING)
                continue
            index = self._index(value, position)
            if index is None:
                return None
            found.append(index)
        return tuple(found)

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        made: list[Column] = []
        for column, of_text in zip(columns, self.of_text, strict=True):
            if (indices := _indices(column, of_text)) is None:
                return None
            made.append(indices)
        return tuple(made)

    def _index(self, value: object, position: int) -> float | None:
        """The label's index in the column at `position`; None drops the row."""
        if type(value) is str:
            index = self.of_text[position].get(value)
        elif type(value) is float or type(value) is int:
            if self.handle_invalid == "skip" and math.isnan(value):
                return None
            index = self.of_number[position].get(text(value))
        elif value is None:
            index = None
        else:
            raise Rejected(f"should be text or a number, not {kind(value)}", self.inputs[position])
        if index is None and self.handle_invalid == "keep":
            return float(len(self.labels[position]))
        if index is None and self.handle_invalid == "error":
            wrong = "is null" if value is None else f"has the label {value!r}, which training did not see"
            raise Rejected(f"{wrong} (handleInvalid is error)", self.inputs[position])
        return index


def _indices(column: Column, of_text: Mapping[str, float]) -> list[Any] | None:
    """The labels' indices where all are text that training saw, or where no row has the column."""
    if not isinstance(column, list):
        return None
    kinds = set(map(type, column))
    if kinds == {type(MISSING)}:
        return column
    try:
        return list(map(of_text.__getitem__, column)) if kinds == {str} else None
    except KeyError:
        return None


def _labels(saved: Saved) -> tuple[tuple[str, ...], ...]:
    columns = saved.table().fields
    (stored,) = saved.row("labels" if "labels" in columns and "labelsArray" not in columns else "labelsArray")
    lists = [stored] if "labelsArray" not in columns else stored
    if isinstance(lists, list) and all(isinstance(of, list) and all(type(v) is str for v in of) for of in lists):
        return tuple(map(tuple, lists))
    raise saved.unreadable("its labels are not lists of strings")


def _with_spellings(of_text: Mapping[str, float]) -> dict[str, float]:
    """The labels and, for those that are numbers, the other ways in which the same number may be cast."""
    spellings: dict[str, float] = {}
    for label, index in of_text.items():
        if _INTEGER.fullmatch(label):
            if str(int(label)) == label:
                spellings.setdefault(text(float(label)), index)
        elif _DOUBLE.fullmatch(label) and label != "-0.0":
            value = float(label)
            # Java before 19 writes some doubles with more digits than needed; fewer digits are somebody's own text
            if text(value) == label or sum(map(str.isdigit, label.partition("E")[0])) >= 16:
                spellings.setdefault(text(value), index)
                if value.is_integer():
                    spellings.setdefault(text(int(value)), index)
    return {**spellings, **of_text}
