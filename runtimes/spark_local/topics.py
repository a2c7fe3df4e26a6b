"""The topics of an LDA model, and the share that each has in a document.

Spark's `mllib/clustering/LDAModel.scala` and `LDAOptimizer.scala`, 4.3: variational inference starts from a drawn
gamma, the same for every document, and ends when gamma moves by a thousandth at most. Its seed is the one that a
LocalLDAModel has, whatever `seed` is set to. A count below 0 is refused, with which Spark may not come to an end.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .columns import Array
from .errors import Rejected
from .gamma_sample import gamma_sample
from .saved import Saved
from .values import Sparse, vector_of

_SEED = 1_421_925_485
"""Java's hash of Spark's name for LocalLDAModel, org.apache.spark.ml.clustering.LocalLDAModel."""

_SHIFT = 1e-100
_SETTLED = 1e-3
_MOST_STEPS = 10_000
"""After so many Spark goes on, and the answer is given up here; a few dozen are usual."""


@dataclass(frozen=True, eq=False)
class Topics:
    """`words`: (n_words, n_topics), exp E[log beta]; `prior` and `start`: (n_topics,), alpha and the first gamma."""

    words: Array
    prior: Array
    start: Array

    @classmethod
    def of_counts(cls, saved: Saved, counts: Array, prior: Array, gamma_shape: object) -> Topics:
        """From a model's topics matrix, (n_words, n_topics), and its docConcentration. Raises Unreadable."""
        n_words, n_topics = counts.shape
        if not n_words or not n_topics or prior.shape != (n_topics,):
            raise saved.unreadable(f"{n_words} words, {n_topics} topics and a docConcentration of {len(prior)} numbers")
        if not (np.isfinite(prior) & (prior >= 0.0)).all():
            raise saved.unreadable(f"its docConcentration is {prior.tolist()}, not of finite numbers from 0 up")
        if not (counts >= 0.0).all() or type(gamma_shape) is not float or not gamma_shape > 0.0:
            raise saved.unreadable(f"its topics have weights below 0, or gammaShape is {gamma_shape!r}")
        with np.errstate(all="ignore"):
            expected = np.stack([digamma(of_word) for of_word in counts])
            words = np.exp(expected - digamma(counts.sum(axis=0)))
        return cls(words, prior, np.array(gamma_sample(gamma_shape, 1.0 / gamma_shape, _SEED, n_topics)))

    def shares(self, value: object, column: str) -> list[float]:
        """Of each topic in a row's document; zeros for an empty one. Raises Rejected."""
        found = vector_of(value, len(self.words), column)
        words, counts = self.words, found.values if isinstance(found, Sparse) else found
        if isinstance(found, Sparse):
            words = words[found.indices]
        if any(count < 0.0 for count in counts):
            raise Rejected("has a count below 0", column)
        if all(count == 0.0 for count in counts):
            return [0.0] * len(self.start)
        with np.errstate(all="ignore"):
            gamma = self._gamma(words, np.array(counts), column)
            shares: list[float] = (gamma / np.abs(gamma).sum()).tolist()
        return shares

    def _gamma(self, words: Array, counts: Array, column: str) -> Array:
        gamma, moved = self.start, 1.0
        weights = _weights(gamma)
        norm = words @ weights + _SHIFT
        for _ in range(_MOST_STEPS):
            if not moved > _SETTLED:
                return gamma
            last = gamma
            gamma = weights * (counts / norm @ words) + self.prior
            weights = _weights(gamma)
            norm = words @ weights + _SHIFT
            moved = float(np.abs(gamma - last).sum()) / len(gamma)
        raise Rejected("is a document whose topics cannot be inferred: the numbers do not settle", column)


def _weights(gamma: Array) -> Array:
    """exp E[log theta], if theta is drawn from a Dirichlet distribution of these parameters."""
    found = digamma(np.append(gamma, gamma.sum()))
    weights: Array = np.exp(found[:-1] - found[-1])
    return weights


def digamma(x: Array) -> Array:
    """(n,): the derivative of log gamma, from 0 up, by the series of Commons Math 3.6, one of whose signs is wrong.

    It takes numbers below 49 up to there. For those below 1e-5 it is coarser, of which e to their power shows nothing.
    """
    steps = np.arange(49.0)[:, None] + x
    below = np.where(steps < 49.0, 1.0 / steps, 0.0).sum(axis=0)
    x = x + np.ceil(np.maximum(49.0 - x, 0.0))
    f = 1.0 / (x * x)
    found: Array = np.log(x) - 0.5 / x - f * (1 / 12 + f * (1 / 120 - f / 252)) - below
    return found
