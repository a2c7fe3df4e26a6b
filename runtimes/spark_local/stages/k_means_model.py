"""KMeansModel: the number of the nearest center, by Euclidean or by cosine distance.

Spark's `ml/clustering/KMeans.scala`, 4.3 (cosine: since 2.4). A NaN is refused, an infinity leads to cluster 0, and by
cosine a vector of zeros is refused. Equal, unless two centers are equally near but for the last bits, where the fused
rounding of the JVM decides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ..centers import Centers, norm
from ..columns import Array, Column, vectors
from ..fields import Attribute, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage

_APART = 1e-5
"""How far apart, of the larger, two distances have to be for NumPy to tell the nearer one: Spark's bear six digits."""


@register
@dataclass(frozen=True)
class KMeansModel(Stage):
    """`centers`: those of the clusters, by number."""

    saved_as = ("org.apache.spark.ml.clustering.KMeansModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    centers: Centers

    @classmethod
    def load(cls, saved: Saved) -> KMeansModel:
        table = saved.table()
        clusters = saved.whole_numbers(table, "clusterIdx")
        if not len(table) or sorted(clusters.tolist()) != list(range(len(table))):
            raise saved.unreadable("its data are not the centers of clusters, numbered from 0 on")
        rows = table.take(np.argsort(clusters)).python()
        points = tuple(saved.vector(row.get("clusterCenter"), "clusterCenter") for row in rows)
        centers = Centers.of(saved, saved.text("distanceMeasure", "euclidean"), points, list(map(norm, points)))
        columns = (saved.column("featuresCol", "features"),), (saved.column("predictionCol", "prediction"),)
        return cls(*columns, centers)

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.centers.size)}

    def makes(self) -> Mapping[str, Field]:
        (made,) = self.outputs
        return {made: Field("number", Attribute(made, "nominal", n_values=len(self.centers.points)))}

    def apply(self, *values: Any) -> tuple[int]:
        return (self.centers.nearest(self.centers.point(values[0], self.inputs[0])),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        matrix = vectors(columns[0])
        if matrix is None or matrix.shape[1] != self.centers.size:
            return None
        if self.centers.cosine:
            lengths = np.sqrt((matrix * matrix).sum(axis=1, keepdims=True))
            distances = 1.0 - matrix @ self._matrix.T / np.array(self.centers.norms) / lengths
        else:
            distances = np.stack([((matrix - center) ** 2).sum(axis=1) for center in self._matrix], axis=1)
        nearest: list[int] = np.argmin(distances, axis=1).tolist()
        # Those that are close to a tie, or not finite, are looked at one by one
        least, second = np.partition(np.column_stack([distances, np.full(len(matrix), np.inf)]), (0, 1))[:, :2].T
        margin = _APART * (second if not self.centers.cosine else 1.0)
        clear = np.isfinite(distances).all(axis=1) & ~(second - least <= margin)
        for row in np.flatnonzero(~clear).tolist():
            (nearest[row],) = self.apply(matrix[row].tolist())
        return (nearest,)

    @cached_property
    def _matrix(self) -> Array:
        """(n_clusters, n_features)."""
        return np.array(self.centers.points)
