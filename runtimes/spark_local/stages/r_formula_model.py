"""RFormulaModel: the features and the label of an R formula, by the pipeline of other stages that training made.

Spark's `ml/feature/RFormula.scala`, 4.3. A numeric or boolean label becomes a double; rows to be scored may lack it, as
in Spark. Spark also takes rows that bring a number under the name of labelCol, and leaves it; here they are refused
unless the formula's label is itself called so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..container import Container
from ..fields import NUMBER, Field
from ..registry import load_stage, register
from ..saved import Saved
from ..stage import Stage
from ..values import MISSING, number


@dataclass(frozen=True)
class _Label(Stage):
    """The last of a formula's steps. It makes nothing where the label is there under its name already."""

    saved_as = ()

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    label: str | None

    @classmethod
    def load(cls, saved: Saved) -> _Label:
        raise saved.unreadable("a formula's label is not saved by itself")

    def sources(self, outputs: Sequence[str]) -> tuple[str, ...]:
        return self.inputs if outputs else ()

    def makes(self) -> Mapping[str, Field]:
        return dict.fromkeys(self.outputs, NUMBER)

    def apply(self, *values: Any) -> tuple[Any, ...]:
        return tuple(
            value if value is MISSING else float(value) if isinstance(value, bool) else number(value, self.inputs[0])
            for value in values
        )


@register
class RFormulaModel(Container):
    saved_as = ("org.apache.spark.ml.feature.RFormulaModel",)

    @classmethod
    def load(cls, saved: Saved) -> RFormulaModel:
        (label,) = saved.row("label")
        if not isinstance(label, str):
            raise saved.unreadable(f"its formula has the label {label!r}")
        column = saved.column("labelCol", "label")
        pipeline = saved.child("pipelineModel")
        if pipeline.class_name != "org.apache.spark.ml.PipelineModel":
            raise saved.unreadable(f"its pipelineModel is a {pipeline.class_name}")
        steps = load_stage(pipeline).steps()
        is_there = label in ("", column) or any(column in step.outputs for step in steps)
        return cls((*steps, _Label(() if is_there else (label,), () if is_there else (column,), column)))
