"""BisectingKMeansModel: the cluster that is reached by going, from the root of a tree, to the nearer child each time.

Spark's `ml/clustering/BisectingKMeans.scala`, 4.3, over `mllib/clustering/BisectingKMeansModel.scala`, whose format
stands in a folder of its own (cosine: since 3.0). A NaN is refused, and by cosine a vector of zeros. Equal, unless two
children are equally near but for the last bits, where the fused rounding of the JVM decides.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..centers import Centers
from ..fields import Attribute, Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage


class _Node(NamedTuple):
    """`cluster`: a leaf's number; `children`: positions among the nodes, those of a leaf are none."""

    cluster: int
    children: tuple[int, ...]


@register
@dataclass(frozen=True)
class BisectingKMeansModel(Stage):
    """`nodes`: of the tree, the root first; `centers`: of each node."""

    saved_as = ("org.apache.spark.ml.clustering.BisectingKMeansModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    centers: Centers
    nodes: tuple[_Node, ...]

    @classmethod
    def load(cls, saved: Saved) -> BisectingKMeansModel:
        about = saved.inner_metadata("data")
        table = saved.table("data", "data")
        stored = dict(zip(saved.whole_numbers(table, "index").tolist(), table.python(), strict=True))
        if len(stored) < len(table):
            raise saved.unreadable("its tree has a node twice")
        order: list[Any] = [about.get("rootId")]
        nodes: list[tuple[dict[str, Any], _Node]] = []
        for index in order:  # grows while it is gone through: parents before their children
            row = stored.pop(index, {}) if type(index) is int else {}
            children = row.get("children")
            if not isinstance(children, list) or bool(children) != (index < 0):
                raise saved.unreadable(f"its tree has no node {index!r}, or two parents for it")
            nodes.append((row, _Node(index, tuple(range(len(order), len(order) + len(children))))))
            order += children
        points = [saved.vector(row.get("center"), "center") for row, _ in nodes]
        norms = [row.get("norm") for row, _ in nodes]
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=(saved.column("predictionCol", "prediction"),),
            centers=Centers.of(saved, about.get("distanceMeasure", "euclidean"), points, norms),
            nodes=tuple(node for _, node in nodes),
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.centers.size)}

    def makes(self) -> Mapping[str, Field]:
        (made,) = self.outputs
        n_leaves = sum(not node.children for node in self.nodes)
        return {made: Field("number", Attribute(made, "nominal", n_values=n_leaves))}

    def apply(self, *values: Any) -> tuple[int]:
        point = self.centers.point(values[0], self.inputs[0])
        node = self.nodes[0]
        while node.children:
            distances = [self.centers.distance(child, point) for child in node.children]
            # Java orders a NaN, which infinities give, after all numbers
            nearest = min(range(len(distances)), key=lambda at: (math.isnan(distances[at]), distances[at]))
            node = self.nodes[node.children[nearest]]
        return (node.cluster,)
