"""The centers of clusters, and how far a vector is from each: what the two k-means have in common.

Spark's `mllib/clustering/DistanceMeasure.scala` and `MLUtils.fastSquaredDistance`, 4.3. A squared distance is reckoned
from norms and a dot product where the norms differ enough for six digits, else from the differences: which way it goes
decides near ties, and is Spark's. A cosine distance is 1 less the cosine, and zero vectors have none.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from .errors import Rejected
from .saved import Saved
from .values import Sparse, Vector, vector_of

_EPSILON = 2.0**-52
_PRECISION = 1e-6


class Point(NamedTuple):
    """A vector, its length, and its stored numbers with their places."""

    vector: Vector
    norm: float
    places: Sequence[int]
    numbers: Sequence[float]


@dataclass(frozen=True)
class Centers:
    """`cosine`: the measure, else Euclidean; `points`: the centers, `size` numbers each; `norms`: their lengths."""

    cosine: bool
    size: int
    points: tuple[Sequence[float], ...]
    norms: tuple[float, ...]

    @classmethod
    def of(cls, saved: Saved, measure: object, points: Sequence[Sequence[float]], norms: Sequence[object]) -> Centers:
        """Checked. Raises Unreadable for centers to which there is no distance, and for an unknown measure."""
        if measure not in ("euclidean", "cosine"):
            raise saved.unreadable(f"distanceMeasure is {measure!r}, neither euclidean nor cosine")
        sizes, lengths = {len(point) for point in points}, tuple(v for v in norms if type(v) is float)
        if len(sizes) != 1 or len(lengths) != len(points):
            raise saved.unreadable("its centers are not of one size, or without a norm")
        if measure == "cosine" and not all(length > 0.0 for length in lengths):
            raise saved.unreadable("a center is of zeros only, and so at no cosine distance")
        return cls(measure == "cosine", sizes.pop(), tuple(points), lengths)

    def point(self, value: object, column: str) -> Point:
        """A row's vector. Raises Rejected for one that has no distance from a center."""
        found = vector_of(value, self.size, column)
        places, numbers = (found.indices, found.values) if isinstance(found, Sparse) else (range(len(found)), found)
        length = norm(numbers)
        if math.isnan(length):
            raise Rejected("has a NaN, which is at no distance from a center", column)
        if self.cosine and length == 0.0:
            raise Rejected("has only zeros, and so no cosine distance", column)
        return Point(found, length, places, numbers)

    def distance(self, at: int, point: Point) -> float:
        """Squared, or the cosine distance; NaN where infinities cancel out."""
        center, length = self.points[at], self.norms[at]
        if self.cosine:
            return 1.0 - _dot(center, point) / length / point.norm
        squares = length * length + point.norm * point.norm
        apart = (length - point.norm) * (length - point.norm)
        if 2.0 * _EPSILON * squares / (apart + _EPSILON) < _PRECISION:
            return squares - 2.0 * _dot(center, point)
        if isinstance(point.vector, Sparse):
            dot = _dot(center, point)
            squared = max(squares - 2.0 * dot, 0.0)
            if not _EPSILON * (squares + 2.0 * abs(dot)) / (squared + _EPSILON) > _PRECISION:
                return squared
        return _squared(center, point.vector.dense() if isinstance(point.vector, Sparse) else point.vector)

    def nearest(self, point: Point) -> int:
        """The first of the centers that are nearest."""
        best, least = 0, self.distance(0, point)
        for at in range(1, len(self.points)):
            if not self.cosine:
                apart = self.norms[at] - point.norm
                if not apart * apart < least:
                    continue
            if (found := self.distance(at, point)) < least:
                best, least = at, found
        return best


def norm(numbers: Sequence[float]) -> float:
    """The length of a vector of which these numbers are stored."""
    total = 0.0
    for v in numbers:
        total += v * v
    return math.sqrt(total)


def _dot(center: Sequence[float], point: Point) -> float:
    total = 0.0
    for place, v in zip(point.places, point.numbers, strict=True):
        total += center[place] * v
    return total


def _squared(center: Sequence[float], numbers: Sequence[float]) -> float:
    total = 0.0
    for a, b in zip(center, numbers, strict=True):
        total += (a - b) * (a - b)
    return total
