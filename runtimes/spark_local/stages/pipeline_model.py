"""PipelineModel: the stages inside it, one after the other; pipelines may stand inside pipelines.

Spark's `ml/Pipeline.scala`, 2.0 to 4.3, and `pyspark/ml/pipeline.py`, which saves a pipeline that it holds nested or
with a stage of its own under another class name, in the same layout.
"""

from __future__ import annotations

from ..container import Container
from ..registry import load_stage, register
from ..saved import Saved


@register
class PipelineModelStage(Container):
    saved_as = ("org.apache.spark.ml.PipelineModel", "pyspark.ml.pipeline.PipelineModel")

    @classmethod
    def load(cls, saved: Saved) -> PipelineModelStage:
        uids = saved.texts("stageUids")
        width = len(str(len(uids)))
        folders = [f"{index:0{width}d}_{uid}" for index, uid in enumerate(uids)]
        return cls(tuple(load_stage(saved.child("stages", folder)) for folder in folders))
