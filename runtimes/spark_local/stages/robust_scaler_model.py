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
        stored_range, stored_median = saved.row("range", "median")
        width, median = saved.vector(stored_range, "range"), saved.vector(stored_median, "median")
        if len(width) != len(median):
            raise saved.unreadable(f"range has {len(width)} numbers but median {len(median)}")
        shift = tuple(median) if saved.flag("withCentering", False) else None
        scale = tuple(1.0 / v if v else 0.0 for v in width) if saved.flag("withScaling", True) else None
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(median), shift, scale))
