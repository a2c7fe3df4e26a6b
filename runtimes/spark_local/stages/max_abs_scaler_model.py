"""MaxAbsScalerModel: each number times the reciprocal of the largest absolute one of its column.

Spark's `ml/feature/MaxAbsScaler.scala`, 4.3 (2.x divides instead): where the largest is 0 the number stays as it is.
Equal to the last bit.
"""

from __future__ import annotations

from ..registry import register
from ..saved import Saved
from ..scaling import Scaling, ScalingStage


@register
class MaxAbsScalerModel(ScalingStage):
    """`scaling`: by the reciprocals."""

    saved_as = ("org.apache.spark.ml.feature.MaxAbsScalerModel",)

    @classmethod
    def load(cls, saved: Saved) -> MaxAbsScalerModel:
        (stored,) = saved.row("maxAbs")
        scale = tuple(1.0 / v if v else 1.0 for v in saved.vector(stored, "maxAbs"))
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(scale), None, scale))
