"""FeatureHasher: each column's value in the bucket that its name or, for categories, name and value hash to.

Spark's `ml/feature/FeatureHasher.scala`, 4.3. A number counts with its value in its column's bucket; text, booleans and
the numbers of categoricalCols count 1 in the bucket of `column=value`, where Java writes the value (see `values.text`).
A null adds nothing, an explicit zero stays. Always a sparse vector; equal to Spark to the last bit.

What a value is, the row has to tell: a category of a double column is to be sent as 1.0, not as 1, and "NaN" is text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..errors import Rejected, Unreadable
from ..fields import ANY, Field
from ..fields import vector as vector_field
from ..murmur3 import Buckets
from ..registry import register
from ..saved import Saved
from ..stage import Stage
from ..values import Sparse, kind, text


@register
@dataclass(frozen=True)
class FeatureHasher(Stage):
    """`categorical`: for each of the inputs, whether its numbers are categories."""

    saved_as = ("org.apache.spark.ml.feature.FeatureHasher",)

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    n_features: int
    categorical: tuple[bool, ...]

    @classmethod
    def load(cls, saved: Saved) -> FeatureHasher:
        n_features = saved.integer("numFeatures", 1 << 18)
        if not 0 < n_features < 2**31:
            raise saved.unreadable(f"numFeatures is {n_features}")
        inputs, categorical = saved.texts("inputCols"), saved.texts("categoricalCols", ())
        return cls(inputs, (saved.output(),), n_features, tuple(name in categorical for name in inputs))

    def bind(self, known: Mapping[str, Field]) -> FeatureHasher:
        for name in self.inputs:
            if (found := known.get(name, ANY).type) not in ("any", "number", "string", "boolean"):
                raise Unreadable(f"FeatureHasher takes numbers, texts and booleans, but {name!r} holds {found}")
        return self

    def makes(self) -> Mapping[str, Field]:
        return {self.outputs[0]: vector_field(self.n_features)}

    def apply(self, *values: Any) -> tuple[Sparse]:
        found: dict[int, float] = {}
        for name, value, categorical in zip(self.inputs, values, self.categorical, strict=True):
            if value is None:
                continue
            feature, amount = self._feature(name, value, categorical)
            index = self._buckets[feature]
            found[index] = found[index] + amount if index in found else amount
        indices = sorted(found)
        return (Sparse(self.n_features, indices, [found[index] for index in indices]),)

    def _feature(self, name: str, value: Any, categorical: bool) -> tuple[str, float]:
        """What is hashed, and how much it counts."""
        if isinstance(value, str):
            return f"{name}={value}", 1.0
        if isinstance(value, bool):
            return f"{name}={'true' if value else 'false'}", 1.0
        if not isinstance(value, int | float):
            raise Rejected(f"should be a number, text or a boolean, not {kind(value)}", name)
        if categorical:
            return f"{name}={text(value)}", 1.0
        try:
            return name, float(value)
        except OverflowError as error:
            raise Rejected("is too large for a double", name) from error

    @cached_property
    def _buckets(self) -> Buckets:
        return Buckets(self.n_features)
