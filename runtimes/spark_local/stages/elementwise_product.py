"""ElementwiseProduct: each number of a vector times the one of `scalingVec` in its place.

Spark's `ml/feature/ElementwiseProduct.scala`, 4.3. Equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..columns import Column
from ..fields import Field, vector
from ..registry import register
from ..saved import Saved
from ..scaling import Scaling
from ..stage import Stage
from ..values import Vector


@register
@dataclass(frozen=True)
class ElementwiseProduct(Stage):
    """`scaling`: by the vector's numbers."""

    saved_as = ("org.apache.spark.ml.feature.ElementwiseProduct",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    scaling: Scaling

    @classmethod
    def load(cls, saved: Saved) -> ElementwiseProduct:
        factors = tuple(saved.vector_param("scalingVec"))
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(factors), None, factors))

    def takes(self) -> Mapping[str, Field]:
        return {self.inputs[0]: vector(self.scaling.size)}

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector(self.scaling.size)}

    def apply(self, *values: Any) -> tuple[Vector | None]:
        return (self.scaling.of_value(values[0], self.inputs[0]),)

    def apply_columns(self, *columns: Column) -> tuple[Column] | None:
        made = self.scaling.of_column(columns[0])
        return None if made is None else (made,)
