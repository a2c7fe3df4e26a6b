"""CrossValidatorModel: the best of the models that were tried.

Spark's `ml/tuning/CrossValidator.scala`, 4.3 (2.0 and later), and `pyspark/ml/tuning.py`, which saves one that holds a
stage of Python's under another class name. Only `bestModel` is read, none of the estimators and evaluators beside it.
"""

from __future__ import annotations

from ..best_model import BestModel
from ..registry import register


@register
class CrossValidatorModel(BestModel):
    saved_as = ("org.apache.spark.ml.tuning.CrossValidatorModel", "pyspark.ml.tuning.CrossValidatorModel")
