"""LogisticRegressionModel, of two classes (binomial) or any number of them (multinomial).

Spark's `ml/classification/LogisticRegression.scala`, 4.3, and its `BLAS.scala`; 2.0 stores `coefficients` and
`intercept`. The binomial raw scores are minus and plus the margin, and class 1 is predicted where the margin is above
the threshold's logit or, without raw scores, its probability above the threshold, which two `thresholds` replace. A
multinomial model takes the softmax, and predicts as `classifier` does.

Margins of sparse vectors, and of sparse coefficients, are Spark's to the last bit; those of dense ones, which the JVM
sums in another order, and all probabilities within 1e-9 relative, or 1e-15 absolute where they are next to 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Array, Column, SparseRows, sequence, sparse_rows, vectors
from ..fields import Field, vector
from ..java_math import sigmoid
from ..registry import register
from ..saved import Saved
from ..softmax import softmax, softmax_of_rows
from ..stage import Stage
from ..values import Sparse, Vector, vector_of


@register
@dataclass(frozen=True, kw_only=True)
class LogisticRegressionModel(Stage):
    """`coefficients`: (n_margins, n_features) and `intercepts`: (n_margins,), of which a binomial model has one.

    `threshold`: a binomial model's, None: multinomial. `sparse`: whether Spark has the coefficients sparse, so that no
    product is made where one is 0; `from_intercept`: whether its sum begins with the intercept instead of ending there.
    """

    saved_as = ("org.apache.spark.ml.classification.LogisticRegressionModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    made: ClassifierOutputs
    coefficients: Array
    intercepts: Array
    threshold: float | None
    sparse: bool
    from_intercept: bool

    @classmethod
    def load(cls, saved: Saved) -> LogisticRegressionModel:
        if "coefficients" in saved.table().fields:
            n_classes, intercept, stored = saved.row("numClasses", "intercept", "coefficients")
            multinomial, sparse, by_row = False, False, True
            intercepts, coefficients = np.array([intercept]), np.array([saved.vector(stored, "coefficients")])
        else:
            n_classes, multinomial, stored_intercepts, stored = saved.row(
                "numClasses", "isMultinomial", "interceptVector", "coefficientMatrix"
            )
            coefficients = saved.matrix(stored, "coefficientMatrix")
            sparse, by_row = stored["type"] == 0, stored["isTransposed"]
            intercepts = np.array(saved.vector(stored_intercepts, "interceptVector"))
        if type(n_classes) is not int or (n_classes < 1 if multinomial else n_classes != 2):
            raise saved.unreadable(f"it is said to tell {n_classes} classes apart")
        n_margins = n_classes if multinomial else 1
        if intercepts.shape != (n_margins,) or len(coefficients) != n_margins:
            raise saved.unreadable(
                f"{len(intercepts)} intercepts and {len(coefficients)} rows of coefficients for {n_classes} classes"
            )
        if not multinomial and not by_row:
            raise saved.unreadable("its coefficients do not stand row by row, which Spark would refuse")
        made = ClassifierOutputs.load(saved, n_classes)
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=made.names,
            label=saved.text("labelCol", "label") or None,
            made=made,
            coefficients=coefficients,
            intercepts=intercepts,
            threshold=None if multinomial else _threshold(saved),
            sparse=sparse,
            from_intercept=sparse and not by_row,
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.coefficients.shape[1])}

    def makes(self) -> Mapping[str, Field]:
        return self.made.fields()

    def apply(self, *values: Any) -> tuple[Any, ...]:
        found = vector_of(values[0], self.coefficients.shape[1], self.inputs[0])
        margins = [self._margin(found, row, start) for row, start in self._rows]
        if self.threshold is None:
            return self.made.of_row(margins, softmax(margins))
        (margin,) = margins
        first = sigmoid(-margin)
        if self.made.raw:
            above = margin > self._logit
        elif self.made.probability:
            above = 1.0 - first > self.threshold
        else:
            above = sigmoid(margin) > self.threshold
        return self.made.named([-margin, margin], [first, 1.0 - first], float(above))

    def _margin(self, found: Vector, row: Sequence[float], intercept: float) -> float:
        pairs = zip(found.indices, found.values, strict=True) if isinstance(found, Sparse) else enumerate(found)
        total = intercept if self.from_intercept else 0.0
        if self.sparse:
            for index, value in pairs:
                if coefficient := row[index]:
                    total += value * coefficient
        else:
            for index, value in pairs:
                total += value * row[index]
        return total if self.from_intercept else total + intercept

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        margins = self._margins(columns[0])
        if margins is None:
            return None
        if self.threshold is None:
            return self.made.of_rows(margins, softmax_of_rows(margins))
        raw = np.concatenate([-margins, margins], axis=1)
        first = 1.0 / (1.0 + np.exp(margins))
        probability = np.concatenate([first, 1.0 - first], axis=1)
        if self.made.raw:
            above = margins > self._logit
        elif self.made.probability:
            above = probability[:, 1:] > self.threshold
        else:
            above = 1.0 / (1.0 + np.exp(-margins)) > self.threshold
        return self.made.named(raw, probability, above[:, 0].astype(np.float64))

    def _margins(self, column: Column) -> Array | None:
        """(n_rows, n_margins); None for columns of another kind, or where the order of a sum would not be Spark's."""
        n_features = self.coefficients.shape[1]
        if (rows := sparse_rows(column)) is not None:
            if rows.size != n_features or self.from_intercept:
                return None
            return np.stack([self._sums(rows, row) for row in self.coefficients], axis=1) + self.intercepts
        matrix = vectors(column)
        if matrix is None or matrix.shape[1] != n_features or (self.sparse and not np.isfinite(matrix).all()):
            return None
        return matrix @ self.coefficients.T + self.intercepts

    def _sums(self, rows: SparseRows, row: Array) -> Array:
        """(n_rows,): the products of each row, added from the left."""
        coefficients = row[rows.indices]
        products = rows.values * coefficients
        if self.sparse:
            products[coefficients == 0.0] = 0.0
        return np.bincount(rows.row_numbers(), products, len(rows.starts) - 1).astype(np.float64, copy=False)

    @cached_property
    def _rows(self) -> list[tuple[Sequence[float], float]]:
        """The coefficients of each margin and its intercept."""
        return list(zip(map(sequence, self.coefficients), self.intercepts.tolist(), strict=True))

    @cached_property
    def _logit(self) -> float:
        threshold = self.threshold
        if not threshold:
            return -math.inf
        return math.inf if threshold == 1.0 else math.log(threshold / (1.0 - threshold))


def _threshold(saved: Saved) -> float:
    """What `thresholds` come to, where they are set, or `threshold`."""
    threshold = saved.double("threshold", 0.5)
    if not 0.0 <= threshold <= 1.0:
        raise saved.unreadable(f"threshold is {threshold}")
    thresholds = saved.doubles("thresholds")
    if thresholds is None:
        return threshold
    return 1.0 / (1.0 + (thresholds[0] / thresholds[1] if thresholds[1] else math.inf))
