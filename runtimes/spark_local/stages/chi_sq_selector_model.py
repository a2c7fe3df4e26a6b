"""ChiSqSelectorModel: the numbers that training found to depend on the label, by the chi-squared test.

Spark's `ml/feature/ChiSqSelector.scala`, 4.3 (2.x saves the same). Equal to the last bit.
"""

from __future__ import annotations

from ..registry import register
from ..selection import Selector


@register
class ChiSqSelectorModel(Selector):
    saved_as = ("org.apache.spark.ml.feature.ChiSqSelectorModel",)
    kind = "nominal"
