"""UnivariateFeatureSelectorModel: the numbers that a test of each feature with the label chose in training.

Spark's `ml/feature/UnivariateFeatureSelector.scala`, 4.3 (since 3.1). Equal to the last bit.
"""

from __future__ import annotations

from ..registry import register
from ..selection import Selector


@register
class UnivariateFeatureSelectorModel(Selector):
    saved_as = ("org.apache.spark.ml.feature.UnivariateFeatureSelectorModel",)
