"""What a training script leaves in a model's folder: Spark's files, a request, its response. Never part of serving."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyspark.ml import PipelineModel


def save_model(model: PipelineModel, out: Path) -> None:
    """Put what Spark writes for `model` into `out`, without Hadoop's markers and checksums."""
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "model"
        model.save(str(written))
        for leftover in (*written.rglob("*.crc"), *written.rglob("_SUCCESS")):
            leftover.unlink()
        out.mkdir(parents=True, exist_ok=True)
        for folder in ("metadata", "stages"):
            shutil.rmtree(out / folder, ignore_errors=True)
            shutil.move(written / folder, out / folder)


def save_rows(rows: list[dict[str, object]], path: Path) -> None:
    """Write `rows` as JSON, one to a line."""
    lines = ",\n".join(f"  {json.dumps(row)}" for row in rows)
    path.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
