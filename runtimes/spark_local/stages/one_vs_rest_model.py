"""OneVsRestModel: a classifier for each class tells it from the rest; the first with the highest score is predicted.

Spark's `ml/classification/OneVsRest.scala`, 4.3 (2.x has no `rawPredictionCol`). The classifiers are whole stages in
`model_0`, `model_1` and so on, asked for nothing but the raw score of their class 1. A score that is NaN loses against
every other; where none is above minus infinity the prediction is -1. Equality is theirs.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..classifier import ClassifierOutputs
from ..columns import Column
from ..fields import Attribute, Field
from ..registry import load_stage, register
from ..saved import Saved
from ..stage import Stage

_NONE = -1.0
_ONLY_RAW = {"rawPredictionCol": "raw", "predictionCol": "", "probabilityCol": "", "leafCol": ""}


@register
@dataclass(frozen=True, kw_only=True)
class OneVsRestModel(Stage):
    """`labels`: of the classes, where training knew them."""

    saved_as = ("org.apache.spark.ml.classification.OneVsRestModel", "pyspark.ml.classification.OneVsRestModel")

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None
    made: ClassifierOutputs
    classifiers: tuple[Stage, ...]
    labels: tuple[str, ...] | None

    @classmethod
    def load(cls, saved: Saved) -> OneVsRestModel:
        n_classes = saved.count("numClasses")
        raw, prediction = saved.text("rawPredictionCol", "rawPrediction"), saved.text("predictionCol", "prediction")
        features = saved.column("featuresCol", "features")
        params = _ONLY_RAW | {"featuresCol": features}
        classifiers = tuple(load_stage(saved.child(f"model_{at}").changed(params)) for at in range(n_classes))
        for at, classifier in enumerate(classifiers):
            if classifier.outputs != ("raw",) or classifier.inputs != (features,):
                raise saved.unreadable(f"model_{at} is not a classifier that can be one of several")
        made = ClassifierOutputs(raw, "", prediction, n_classes, None)
        return cls(
            inputs=(features,),
            outputs=made.names,
            label=saved.text("labelCol", "label") or None,
            made=made,
            classifiers=classifiers,
            labels=_labels(saved.extra("labelMetadata")),  # noqa: S610
        )

    def takes(self) -> Mapping[str, Field]:
        return self.classifiers[0].takes()

    def makes(self) -> Mapping[str, Field]:
        fields = dict(self.made.fields())
        if self.made.prediction and self.labels:
            fields[self.made.prediction] = Field("number", Attribute(self.made.prediction, "nominal", self.labels))
        return fields

    def apply(self, *values: Any) -> tuple[Any, ...]:
        scores: list[float] = []
        for classifier in self.classifiers:
            ((_, score, *_),) = classifier.apply(*values) or ()
            scores.append(score)
        ordered = [-math.inf if math.isnan(score) else score for score in scores]
        most = max(ordered)
        return self.made.named(scores, None, _NONE if most == -math.inf else float(ordered.index(most)))

    def apply_columns(self, *columns: Column) -> tuple[Column, ...] | None:
        scores = []
        for classifier in self.classifiers:
            made = classifier.apply_columns(*columns)
            if made is None:
                return None
            (raw,) = made
            scores.append(np.asarray(raw)[:, 1])
        raws = np.stack(scores, axis=1)
        ordered = np.where(np.isnan(raws), -np.inf, raws)
        return self.made.named(raws, None, np.where(ordered.max(axis=1) == -np.inf, _NONE, np.argmax(ordered, axis=1)))


def _labels(stored: Any) -> tuple[str, ...] | None:
    """The labels in a column's metadata as Spark writes them; None: there are none."""
    try:
        found = json.loads(stored)["ml_attr"]["vals"]
    except (TypeError, ValueError, KeyError):
        return None
    return tuple(found) if isinstance(found, list) and all(isinstance(label, str) for label in found) else None
