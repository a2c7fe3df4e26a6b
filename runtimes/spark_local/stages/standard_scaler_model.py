"""StandardScalerModel: each number less its mean, times the reciprocal of its standard deviation.

Spark's `ml/feature/StandardScaler.scala`, 4.3 (the arithmetic is 3.0's; 2.x does the same through mllib): a standard
deviation of 0 scales to 0. Equal to the last bit.
"""

from __future__ import annotations

from ..registry import register
from ..saved import Saved
from ..scaling import Scaling, ScalingStage


@register
class StandardScalerModel(ScalingStage):
    """`scaling`: without a shift where withMean is false, without a scale where withStd is."""

    saved_as = ("org.apache.spark.ml.feature.StandardScalerModel",)

    @classmethod
    def load(cls, saved: Saved) -> StandardScalerModel:
        shifts, scales = saved.flag("withMean", False), saved.flag("withStd", True)
        scaling = Scaling.load(saved, "mean", "std", shifts=shifts, scales=scales)
        return cls((saved.column("inputCol"),), (saved.output(),), scaling)
