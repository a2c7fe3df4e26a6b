"""IDFModel: each number times the inverse document frequency of its term.

Spark's `ml/feature/IDF.scala`, 4.3. minDocFreq went into the frequencies when the model was fitted. A sparse vector
stays sparse, with its explicit zeros. Equal to Spark to the last bit. Spark lets some vectors of another size than the
model's pass; here they are refused.
"""

from __future__ import annotations

import numpy as np

from ..columns import sequence
from ..registry import register
from ..saved import Saved
from ..scaling import Scaling, ScalingStage


@register
class IDFModel(ScalingStage):
    """`scaling`: by the frequencies."""

    saved_as = ("org.apache.spark.ml.feature.IDFModel",)

    @classmethod
    def load(cls, saved: Saved) -> IDFModel:
        (stored,) = saved.row("idf")
        idf = sequence(np.array(saved.vector(stored, "idf")))
        return cls((saved.column("inputCol"),), (saved.output(),), Scaling(len(idf), None, idf))
