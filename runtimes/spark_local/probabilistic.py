"""What the probabilistic classifiers have in common: raw scores of a vector, and probabilities of the raw scores.

Spark's `ml/classification/ProbabilisticClassifier.scala`, 4.3. Spark lets some vectors of another size than the model's
pass; here they are refused.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .classifier import ClassifierOutputs
from .columns import Array, Column, dense_vectors
from .fields import Field, vector
from .saved import Saved
from .stage import Stage
from .values import Vector, vector_of


@dataclass(frozen=True, kw_only=True)
class ProbabilisticClassifier(Stage):
    """`made`: the columns, and how the prediction is chosen."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    made: ClassifierOutputs
    n_features: int

    @classmethod
    def columns(cls, saved: Saved, made: ClassifierOutputs) -> dict[str, Any]:
        """The names of its columns."""
        return {
            "inputs": (saved.column("featuresCol", "features"),),
            "outputs": made.names,
            "label": saved.text("labelCol", "label") or None,
            "made": made,
        }

    @abstractmethod
    def raw(self, found: Vector) -> list[float]:
        """A score for each class, of a vector of `n_features` numbers. Raises Rejected."""

    @abstractmethod
    def probability(self, raw: list[float]) -> list[float]:
        """A probability for each class."""

    @abstractmethod
    def raw_of_rows(self, matrix: Array) -> Array | None:
        """(n_rows, n_classes): the scores for `matrix` (n_rows, n_features); None: row by row, which may be refused."""

    @abstractmethod
    def probability_of_rows(self, raw: Array) -> Array:
        """(n_rows, n_classes): the probabilities."""

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.n_features)}

    def makes(self) -> Mapping[str, Field]:
        return self.made.fields()

    def apply(self, *values: Any) -> tuple[Any, ...]:
        raw = self.raw(vector_of(values[0], self.n_features, self.inputs[0]))
        return self.made.of_row(raw, self.probability(raw))

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        matrix = dense_vectors(columns[0], self.n_features)
        raw = None if matrix is None else self.raw_of_rows(matrix)
        return None if raw is None else self.made.of_rows(raw, self.probability_of_rows(raw))
