"""LocalLDAModel: the share of each topic in a document of word counts.

Spark's `ml/clustering/LDA.scala`, 4.3. Within 1e-9 of it; Spark 2.x began with another gamma for every row, so that its
answers were never twice the same.
"""

from __future__ import annotations

import numpy as np

from ..registry import register
from ..saved import Saved
from ..topic_stage import TopicStage
from ..topics import Topics


@register
class LocalLDAModel(TopicStage):
    saved_as = ("org.apache.spark.ml.clustering.LocalLDAModel",)

    @classmethod
    def read_topics(cls, saved: Saved) -> Topics:
        counts, prior, gamma_shape = saved.row("topicsMatrix", "docConcentration", "gammaShape")
        concentration = np.array(saved.vector(prior, "docConcentration"))
        return Topics.of_counts(saved, saved.matrix(counts, "topicsMatrix"), concentration, gamma_shape)
