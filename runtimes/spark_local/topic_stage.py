"""What the models of LDA have in common: the share of each topic in a document of word counts.

Spark's `ml/clustering/LDA.scala`, 4.3. Within 1e-9 of it.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from .fields import Field, vector
from .saved import Saved
from .stage import Stage
from .topics import Topics


@dataclass(frozen=True)
class TopicStage(Stage):
    """`topics`: of the model."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    topics: Topics

    @classmethod
    def load(cls, saved: Saved) -> Self:
        return cls(
            inputs=(saved.column("featuresCol", "features"),),
            outputs=(saved.column("topicDistributionCol", "topicDistribution"),),
            topics=cls.read_topics(saved),
        )

    @classmethod
    @abstractmethod
    def read_topics(cls, saved: Saved) -> Topics:
        """The topics that `saved` holds. Raises Unreadable."""

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(len(self.topics.words))}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(len(self.topics.start))}

    def apply(self, *values: Any) -> tuple[list[float]]:
        return (self.topics.shares(values[0], self.inputs[0]),)
