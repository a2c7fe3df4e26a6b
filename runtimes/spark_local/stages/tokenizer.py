r"""Tokenizer: the text in lower case, cut at every white space.

Spark's `ml/feature/Tokenizer.scala`, 4.3, which is `toLowerCase.split("\\s")` of Java: only ASCII's white space cuts,
an empty piece stays except at the end, and the empty text is one empty piece. The JVM's language is taken to be one
that lowers letters as English does. Equal to Spark to the last character; a null is refused, as there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..columns import Column
from ..fields import STRING, STRINGS, Field
from ..java_text import lower, words
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import string


@register
@dataclass(frozen=True)
class Tokenizer(Stage):
    """Knows nothing but its columns."""

    saved_as = ("org.apache.spark.ml.feature.Tokenizer",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]

    @classmethod
    def load(cls, saved: Saved) -> Tokenizer:
        return cls((saved.column("inputCol"),), (saved.output(),))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: STRING}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: STRINGS}

    def apply(self, *values: Any) -> tuple[list[str]]:
        return (words(lower(string(values[0], self.inputs[0]))),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        if not isinstance(columns[0], list) or set(map(type, columns[0])) != {str}:
            return None
        return ([words(lower(text)) for text in columns[0]],)
