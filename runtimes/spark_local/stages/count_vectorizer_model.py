"""CountVectorizerModel: how often each word of the vocabulary occurs in a text.

Spark's `ml/feature/CountVectorizer.scala`, 4.3. Always a sparse vector. A word that occurs less often than minTF is
left out; a minTF below 1 is a share of all the text's words, unknown ones and nulls too. Equal to Spark to the last
bit.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..fields import STRINGS, Field
from ..fields import vector as vector_field
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, strings


@register
@dataclass(frozen=True)
class CountVectorizerModel(Stage):
    """`index_of`: each word's place in the vector."""

    saved_as = ("org.apache.spark.ml.feature.CountVectorizerModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    index_of: Mapping[str | None, int]
    min_tf: float
    binary: bool

    @classmethod
    def load(cls, saved: Saved) -> CountVectorizerModel:
        (vocabulary,) = saved.row("vocabulary")
        if not isinstance(vocabulary, list) or not all(word is None or isinstance(word, str) for word in vocabulary):
            raise saved.unreadable("its vocabulary is not a list of words")
        index_of = {word: index for index, word in enumerate(vocabulary)}
        if len(index_of) < len(vocabulary):
            raise saved.unreadable("a word is in its vocabulary twice")
        min_tf = saved.double("minTF", 1.0)
        if not min_tf >= 0.0:
            raise saved.unreadable(f"minTF is {min_tf}")
        return cls((saved.column("inputCol"),), (saved.output(),), index_of, min_tf, saved.flag("binary", False))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: STRINGS}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector_field(len(self.index_of))}

    def apply(self, *values: Any) -> tuple[Sparse]:
        words = strings(values[0], self.inputs[0])
        index_of = self.index_of
        counts = Counter([index_of[word] for word in words if word in index_of])
        least = self.min_tf if self.min_tf >= 1.0 else len(words) * self.min_tf
        indices = sorted(index for index, count in counts.items() if count >= least)
        numbers = [1.0] * len(indices) if self.binary else [float(counts[index]) for index in indices]
        return (Sparse(len(index_of), indices, numbers),)
