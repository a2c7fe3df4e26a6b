"""RegexTokenizer: the text cut where a regular expression matches, or what it matches.

Spark's `ml/feature/Tokenizer.scala`, 4.3. The expression is Java's; `java_regex` says which are served, and the others
are refused at load. Cutting (gaps) drops empty pieces at the end; pieces shorter than minTokenLength, counted in UTF-16
units, are left out. The JVM's language is taken to be one that lowers letters as English does. Equal to Spark to the
last character; a null is refused, as there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..fields import STRING, STRINGS, Field
from ..java_regex import NotTranslated, compile_java
from ..java_text import lower, split
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import string


@register
@dataclass(frozen=True)
class RegexTokenizer(Stage):
    """`gaps`: whether `pattern` matches what is between the tokens."""

    saved_as = ("org.apache.spark.ml.feature.RegexTokenizer",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    pattern: re.Pattern[str]
    gaps: bool
    least_length: int
    to_lowercase: bool

    @classmethod
    def load(cls, saved: Saved) -> RegexTokenizer:
        java = saved.text("pattern", "\\s+")
        try:
            pattern = compile_java(java)
        except NotTranslated as error:
            raise saved.unreadable(f"its pattern {java!r} has {error}, which is not served") from error
        least_length = saved.integer("minTokenLength", 1)
        if least_length < 0:
            raise saved.unreadable(f"minTokenLength is {least_length}")
        gaps, to_lowercase = saved.flag("gaps", True), saved.flag("toLowercase", True)
        return cls((saved.column("inputCol"),), (saved.output(),), pattern, gaps, least_length, to_lowercase)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: STRING}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: STRINGS}

    def apply(self, *values: Any) -> tuple[list[str]]:
        text = string(values[0], self.inputs[0])
        if self.to_lowercase:
            text = lower(text)
        tokens = split(text, self.pattern) if self.gaps else [found[0] for found in self.pattern.finditer(text)]
        least = self.least_length
        return ([token for token in tokens if len(token) >= least or _utf16_units(token) >= least],)


def _utf16_units(token: str) -> int:
    return len(token) + sum(char > "\uffff" for char in token)
