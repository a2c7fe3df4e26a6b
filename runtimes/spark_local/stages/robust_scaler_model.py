"""RobustScalerModel: each number less its column's median, times the reciprocal of its column's quantile range.

Spark's `ml/feature/RobustScaler.scala`, 4.3 (since 3.0): a range of 0 scales to 0. Equal to the last bit.
"""

from __future__ import annotations

from ..registry import register
from ..saved import Saved
from ..scaling import Scaling, ScalingStage


@register
class RobustScalerModel(ScalingStage):
    """`scaling`: without a shift where withCentering is false, without a scale where withScaling is."""

    saved_as = ("org.apache.spark.ml.feature.RobustScalerModel",)

    @classmethod
    def load(cls, saved: Saved) -> RobustScalerModel:
        shifts, scales = saved.flag("withCentering", False), saved.flag("withScaling", True)
        scaling = Scaling.load(saved, "median", "range", shifts=shifts, scales=scales)
        return cls((saved.column("inputCol"),), (saved.output(),), scaling)
