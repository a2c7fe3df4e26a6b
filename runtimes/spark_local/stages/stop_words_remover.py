"""StopWordsRemover: the words that are not on a list.

Spark's `ml/feature/StopWordsRemover.scala`, 4.3 (several columns: 3.0 and later). Unless caseSensitive is set, words
are compared in lower case, as the language `locale` names has it: Spark takes the whole parameter for a language, so
that `tr` is Turkish but `tr_TR` none with rules of its own. Lithuanian, whose rules for dots are not served, is refused
at load. A null stays. Equal to Spark to the last character.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..fields import STRINGS, Field
from ..java_text import lower, lower_turkic
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import strings


@register
@dataclass(frozen=True)
class StopWordsRemover(Stage):
    """`stop_words`: in lower case unless `case_sensitive`; `turkic`: whether Turkish rules make them so."""

    saved_as = ("org.apache.spark.ml.feature.StopWordsRemover",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    stop_words: frozenset[str]
    case_sensitive: bool
    turkic: bool

    @classmethod
    def load(cls, saved: Saved) -> StopWordsRemover:
        inputs, outputs = saved.columns()
        stop_words = saved.texts("stopWords")
        case_sensitive = saved.flag("caseSensitive", False)
        language = saved.text("locale", "en").lower()
        if language == "lt" and not case_sensitive:
            raise saved.unreadable("words are lowered by Lithuanian rules, which are not served")
        turkic = language in ("tr", "az")
        if not case_sensitive:
            stop_words = tuple(lower_turkic(word) if turkic else lower(word) for word in stop_words)
        return cls(inputs, outputs, frozenset(stop_words), case_sensitive, turkic)

    def takes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.inputs, STRINGS)

    def makes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.outputs, STRINGS)

    def apply(self, *values: Any) -> tuple[list[str | None], ...]:
        return tuple(self._kept(strings(words, name)) for words, name in zip(values, self.inputs, strict=True))

    def _kept(self, words: list[str | None]) -> list[str | None]:
        stop_words = self.stop_words
        if self.case_sensitive:
            return [word for word in words if word not in stop_words]
        lowered = lower_turkic if self.turkic else lower
        return [word for word in words if word is None or lowered(word) not in stop_words]
