"""The spark runtime: saved Spark ML pipelines, scored without a JVM by the engine of this package."""

from __future__ import annotations

from pathlib import Path

from catenary.messages import Metadata
from runtimes.spark_local import PipelineModel, load


class SparkModel:
    def __init__(self, pipeline: PipelineModel) -> None:
        self.inputs = tuple(pipeline.inputs)
        self.outputs = tuple(pipeline.outputs)
        self.drops_rows = pipeline.drops_rows
        self.predict = pipeline.transform


class SparkRuntime:
    type = "spark"

    def code_in(self, folder: Path) -> None:  # noqa: ARG002
        return None

    def load(self, folder: Path, metadata: Metadata) -> SparkModel:  # noqa: ARG002
        return SparkModel(load(folder))
