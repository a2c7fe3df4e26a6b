"""NGram: every run of n words, with a space between them.

Spark's `ml/feature/NGram.scala`, 4.3. Fewer words than n make none; a null among the words is written `null`. Equal to
Spark to the last character.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..fields import STRINGS, Field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import strings


@register
@dataclass(frozen=True)
class NGram(Stage):
    """`n`: words to a gram."""

    saved_as = ("org.apache.spark.ml.feature.NGram",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    n: int

    @classmethod
    def load(cls, saved: Saved) -> NGram:
        n = saved.integer("n", 2)
        if n < 1:
            raise saved.unreadable(f"n is {n}")
        return cls((saved.column("inputCol"),), (saved.output(),), n)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: STRINGS}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: STRINGS}

    def apply(self, *values: Any) -> tuple[list[str]]:
        words = ["null" if word is None else word for word in strings(values[0], self.inputs[0])]
        n = self.n
        return ([" ".join(words[start : start + n]) for start in range(len(words) - n + 1)],)
