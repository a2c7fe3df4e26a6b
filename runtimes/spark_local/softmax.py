"""Softmax as Spark computes it, which multiplies by the reciprocal of the sum.

Spark's `ml/impl/Utils.scala`, 4.3: a score of +Inf takes all and makes NaN of those beside it that are not finite, as a
NaN score does of all. Within 1e-9 relative, for `exp` differs in its last bit between the JVM, Python and NumPy.
"""

from __future__ import annotations

import math

import numpy as np

from .columns import Array, row_sums

_LEAST = -np.finfo(np.float64).max.item()


def softmax(scores: list[float]) -> list[float]:
    """A probability for each score; they add up to 1."""
    if math.inf in scores:
        winner = scores.index(math.inf)
        return [1.0 if position == winner else score * 0.0 for position, score in enumerate(scores)]
    most = _LEAST
    for score in scores:
        if score > most:
            most = score
    powers = [math.exp(score - most) for score in scores]
    total = 0.0
    for power in powers:
        total += power
    scale = 1.0 / total if total else math.inf
    return [power * scale for power in powers]


def softmax_of_rows(scores: Array) -> Array:
    """(n_rows, n): the same for many rows."""
    most = np.fmax(np.fmax.reduce(scores, axis=1, keepdims=True), _LEAST)
    powers = np.exp(scores - most)
    probabilities: Array = powers * (1.0 / row_sums(powers))
    for row in np.flatnonzero((scores == np.inf).any(axis=1)).tolist():
        probabilities[row] = softmax(scores[row].tolist())
    return probabilities
