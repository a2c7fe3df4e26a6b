"""The spark runtime: saved Spark ML pipelines, scored without a JVM by the engine of this package."""

from __future__ import annotations

from pathlib import Path

from catenary.messages import Metadata
from runtimes.base.model import ColumnSchema
from runtimes.spark_local import PipelineModel, load
from runtimes.spark_local.fields import ANY, Field


class SparkModel:
    def __init__(self, pipeline: PipelineModel) -> None:
        self.inputs = tuple(pipeline.inputs)
        self.outputs = tuple(pipeline.outputs)
        known = {name: field for name, field in (pipeline.inputs | pipeline.outputs).items() if field != ANY}
        self.schema = {name: _schema(field) for name, field in known.items()}
        self.drops_rows = pipeline.drops_rows
        self.predict = pipeline.transform


def _schema(field: Field) -> ColumnSchema:
    return {"type": field.type} if field.size is None else {"type": field.type, "size": field.size}


class SparkRuntime:
    type = "spark"

    def code_in(self, folder: Path) -> None:  # noqa: ARG002
        return None

    def load(self, folder: Path, metadata: Metadata) -> SparkModel:  # noqa: ARG002
        return SparkModel(load(folder))
