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
        stored_std, stored_mean = saved.row("std", "mean")
        std, mean = saved.vector(stored_std, "std"), saved.vector(stored_mean, "mean")
        if len(std) != len(mean):
            raise saved.unreadable(f"std has {len(std)} numbers but mean {len(mean)}")
        shift = tuple(mean) if saved.flag("withMean", False) else None
        scale = tuple(1.0 / v if v else 0.0 for v in std) if saved.flag("withStd", True) else None
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(mean), shift, scale))
