"""VarianceThresholdSelectorModel: the numbers that varied by more than a threshold in training.

Spark's `ml/feature/VarianceThresholdSelector.scala`, 4.3 (since 3.1). Equal to the last bit.
"""

from __future__ import annotations

from ..registry import register
from ..selection import Selector


@register
class VarianceThresholdSelectorModel(Selector):
    saved_as = ("org.apache.spark.ml.feature.VarianceThresholdSelectorModel",)
    asks_label = False
