"""DistributedLDAModel: the share of each topic in a document of word counts, as the model's `toLocal` gives it.

Spark's `ml/clustering/LDA.scala`, 4.3, over `mllib/clustering/LDAModel.scala`, whose format stands in a folder of its
own. Spark's `transform` begins with another gamma each time that the model is loaded, so that its answers spread by
some 1e-5; those of the LocalLDAModel that `toLocal` makes do not, and these are within 1e-9 of it.
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
class DistributedLDAModel(Stage):
    """`topics`: of the model."""

    saved_as = ("org.apache.spark.ml.clustering.DistributedLDAModel",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    topics: Topics

    @classmethod
    def load(cls, saved: Saved) -> DistributedLDAModel:
        about = saved.inner_metadata("oldModel")
        n_words, n_topics, prior = (about.get(name) for name in ("vocabSize", "k", "docConcentration"))
        if type(n_words) is not int or n_words < 1 or type(n_topics) is not int or n_topics < 1:
            raise saved.unreadable(f"its old model says vocabSize = {n_words!r} and k = {n_topics!r}")
        if not isinstance(prior, list) or not all(type(found) is float for found in prior):
            raise saved.unreadable(f"its old model says docConcentration = {prior!r}")
        saved.check_size(n_words * n_topics, "its topics matrix")
        counts = np.zeros((n_words, n_topics))
        table = saved.table("topicCounts", "oldModel", "data")
        vertices = saved.whole_numbers(table, "id").tolist()
        if len(set(vertices)) < len(vertices) or min(vertices, default=0) < -n_words:
            raise saved.unreadable(f"its topicCounts have a vertex twice, or a word beyond the {n_words} that it knows")
        for vertex, row in zip(vertices, table.python(), strict=True):
            weights = saved.vector(row.get("topicWeights"), "topicWeights")
            if len(weights) != n_topics:
                raise saved.unreadable(f"its topicCounts have {len(weights)} weights for the vertex {vertex}")
            if vertex < 0:  # a word; the others are documents
                counts[-vertex - 1] = weights
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=(saved.column("topicDistributionCol", "topicDistribution"),),
            topics=Topics.of_counts(saved, counts, np.array(prior), about.get("gammaShape")),
        )

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(len(self.topics.words))}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(len(self.topics.start))}

    def apply(self, *values: Any) -> tuple[list[float]]:
        return (self.topics.shares(values[0], self.inputs[0]),)
