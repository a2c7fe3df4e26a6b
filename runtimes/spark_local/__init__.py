"""Saved Spark ML pipelines, scored without a JVM.

    model = load(Path("models/spark/pm_spark"))
    model.transform([{"features": [0.5, 1.0]}])

Owns the reading of what Spark saved and the arithmetic of its stages; fits nothing and needs no Spark.
"""

from __future__ import annotations

from .pipeline import PipelineModel, compile_model, load

__all__ = ["PipelineModel", "compile_model", "load"]
