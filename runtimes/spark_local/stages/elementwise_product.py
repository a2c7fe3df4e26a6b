"""ElementwiseProduct: each number of a vector times the one of `scalingVec` in its place.

Spark's `ml/feature/ElementwiseProduct.scala`, 4.3. Equal to the last bit.
"""

from __future__ import annotations

from ..registry import register
from ..saved import Saved
from ..scaling import Scaling, ScalingStage


@register
class ElementwiseProduct(ScalingStage):
    """`scaling`: by the vector's numbers."""

    saved_as = ("org.apache.spark.ml.feature.ElementwiseProduct",)

    @classmethod
    def load(cls, saved: Saved) -> ElementwiseProduct:
        factors = tuple(saved.vector_param("scalingVec"))
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(factors), None, factors))
