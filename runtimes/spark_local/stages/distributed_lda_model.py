"""DistributedLDAModel: the share of each topic in a document of word counts, as the model's `toLocal` gives it.

Spark's `ml/clustering/LDA.scala`, 4.3, over `mllib/clustering/LDAModel.scala`, whose format stands in a folder of its
own. Spark's `transform` begins with another gamma each time that the model is loaded, so that its answers spread by
some 1e-5; those of the LocalLDAModel that `toLocal` makes do not, and these are within 1e-9 of it.
"""

from __future__ import annotations

import numpy as np

from ..registry import register
from ..saved import Saved
from ..topic_stage import TopicStage
from ..topics import Topics


@register
class DistributedLDAModel(TopicStage):
    saved_as = ("org.apache.spark.ml.clustering.DistributedLDAModel",)

    @classmethod
    def read_topics(cls, saved: Saved) -> Topics:
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
        return Topics.of_counts(saved, counts, np.array(prior), about.get("gammaShape"))
