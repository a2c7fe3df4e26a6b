"""Word2VecModel: the mean of the words' vectors.

Spark's `ml/feature/Word2Vec.scala`, 4.3 (before 2.2, one row of `wordIndex` and `wordVectors`). Vectors of 32-bit
numbers are added as doubles, word by word, and multiplied by the reciprocal of the number of all words: unknown ones
and nulls count. A text of no words makes a sparse vector without numbers. Equal to Spark to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from ..fields import STRINGS, Field
from ..fields import vector as vector_field
from ..nested import Flat
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, Vector, strings


@register
@dataclass(frozen=True)
class Word2VecModel(Stage):
    """`vectors`: (n_words, size), of 32 bits, and in `row_of` where each word's stands."""

    saved_as = ("org.apache.spark.ml.feature.Word2VecModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    row_of: Mapping[str | None, int]
    vectors: npt.NDArray[Any]

    @classmethod
    def load(cls, saved: Saved) -> Word2VecModel:
        size = saved.integer("vectorSize", 100)
        if size < 1:
            raise saved.unreadable(f"vectorSize is {size}")
        row_of, numbers = _before_2_2(saved) if saved.spark_version < (2, 2) else _words_and_numbers(saved)
        if len(numbers) != len(row_of) * size or sorted(row_of.values()) != list(range(len(row_of))):
            raise saved.unreadable(f"it has {len(numbers)} numbers for {len(row_of)} words, not {size} for each")
        return cls((saved.column("inputCol"),), (saved.output(),), row_of, numbers.reshape(-1, size))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: STRINGS}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector_field(self.vectors.shape[1])}

    def apply(self, *values: Any) -> tuple[Vector]:
        words = strings(values[0], self.inputs[0])
        size = self.vectors.shape[1]
        if not words:
            return (Sparse(size, [], []),)
        total = np.zeros(size)
        for word in words:
            row = self.row_of.get(word)
            if row is not None:
                total += self.vectors[row]
        return ((total * (1.0 / len(words))).tolist(),)


def _words_and_numbers(saved: Saved) -> tuple[dict[str | None, int], npt.NDArray[Any]]:
    """Which word stands in which row, and the numbers of all vectors, one behind the other."""
    table = saved.table()
    words = table.fields.get("word")
    if not isinstance(words, Flat) or words.data.dtype != object:
        raise saved.unreadable("its data have no column of words")
    return {word: row for row, word in enumerate(words.python())}, saved.items(saved.lists(table, "vector"))


def _before_2_2(saved: Saved) -> tuple[dict[str | None, int], npt.NDArray[Any]]:
    """The same from the one row that Spark saved then."""
    (entries,) = saved.row("wordIndex")
    return saved.mapping(entries, "wordIndex", int), saved.items(saved.lists(saved.table(), "wordVectors"))
