"""LocalLDAModel: the share of each topic in a document of word counts.

Spark's `ml/clustering/LDA.scala`, 4.3. Within 1e-9 of it; Spark 2.x began with another gamma for every row, so that its
answers were never twice the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..topics import Topics


@register
@dataclass(frozen=True)
class LocalLDAModel(Stage):
    """`topics`: of the model."""

    saved_as = ("org.apache.spark.ml.clustering.LocalLDAModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    topics: Topics

    @classmethod
    def load(cls, saved: Saved) -> LocalLDAModel:
        stored, prior, gamma_shape = saved.row("topicsMatrix", "docConcentration", "gammaShape")
        concentration = np.array(saved.vector(prior, "docConcentration"))
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=(saved.column("topicDistributionCol", "topicDistribution"),),
            topics=Topics.of_counts(saved, saved.matrix(stored, "topicsMatrix"), concentration, gamma_shape),
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(len(self.topics.words))}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(len(self.topics.start))}

    def apply(self, *values: Any) -> tuple[list[float]]:
        return (self.topics.shares(values[0], self.inputs[0]),)
