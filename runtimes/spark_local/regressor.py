"""What regressors have in common: a number from a vector of features, in a column that is made if it has a name.

Spark's `ml/Predictor.scala`, 4.3. Spark lets some vectors of another size than the model's pass; here they are refused.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .columns import Array, Column
from .fields import NUMBER, Field, vector
from .saved import Saved
from .stage import Stage
from .values import Vector, vector_of


@dataclass(frozen=True, kw_only=True)
class Regressor(Stage):
    """A stage whose one output, if any, is its prediction."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None

    @classmethod
    def columns(cls, saved: Saved) -> dict[str, Any]:
        """The names of its columns."""
        prediction = saved.text("predictionCol", "prediction")
        return {
            "inputs": (saved.column("featuresCol", "features"),),
            "outputs": (prediction,) if prediction else (),
            "label": saved.text("labelCol", "label") or None,
        }

    @property
    @abstractmethod
    def n_features(self) -> int:
        """How many numbers a vector has to hold."""

    @abstractmethod
    def predict(self, found: Vector) -> float:
        """The prediction for a vector of `n_features` numbers."""

    @abstractmethod
    def predict_rows(self, column: Column) -> Array | None:
        """(n_rows,): the same for many rows; None: not for this column."""

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.n_features)}

    def makes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.outputs, NUMBER)

    def apply(self, *values: Any) -> tuple[Any, ...]:
        if not self.outputs:
            return ()
        return (self.predict(vector_of(values[0], self.n_features, self.inputs[0])),)

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        if not self.outputs:
            return ()
        predictions = self.predict_rows(columns[0])
        return None if predictions is None else (predictions,)
