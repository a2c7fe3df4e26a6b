"""Trains text_lr on generated reviews and writes its folder: `python models/spark/text_lr/train.py [--out DIR]`.

Owns what `PipelineModel.save` wrote (`metadata/`, `stages/`), `request.json` and `response.json`, which is Spark's;
prints the figures of the README. Needs the `train` extra. The same seeds give the same reviews, and so the same model.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyspark
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import LogisticRegression
from pyspark.ml.feature import IDF, HashingTF, Tokenizer
from pyspark.ml.linalg import DenseVector, SparseVector
from pyspark.sql import DataFrame, SparkSession

# A script finds the modules of its own folder only; these lie across the checkout, in folders that are served.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from models.spark.artefact import save_model, save_rows  # noqa: E402
from models.spark.spark_session import spark_session  # noqa: E402
from models.spark.text_lr.reviews import Review, make_reviews  # noqa: E402

FITTED_REVIEWS, FITTED_SEED = 2000, 2017
HELD_OUT_REVIEWS, HELD_OUT_SEED = 1000, 2018
N_FEATURES = 1024
REQUEST = [
    {"text": "The camera is great! The delivery is so fast. Would buy again!"},
    {"text": "The pump is noisy and the seller is RUDE. I want my money back!"},
    {"text": ""},
]


def main() -> None:
    parser = argparse.ArgumentParser(description="Train text_lr.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write (default: this one)")
    out = parser.parse_args().out
    with spark_session() as spark:
        train(spark, out)


def train(spark: SparkSession, out: Path) -> None:
    """Write model, request and response to `out`, which is made if need be; a model that is there is replaced."""
    fitted = list(make_reviews(FITTED_REVIEWS, FITTED_SEED))
    held_out = list(make_reviews(HELD_OUT_REVIEWS, HELD_OUT_SEED))
    model = fit(as_frame(spark, [{"text": review.text, "label": review.label} for review in fitted]))
    answers = model.transform(as_frame(spark, [{"text": review.text} for review in held_out]))
    _report(held_out, [row.prediction for row in answers.select("prediction").collect()])

    save_model(model, out)
    save_rows(REQUEST, out / "request.json")
    response = model.transform(as_frame(spark, REQUEST)).collect()
    save_rows([as_plain(row.asDict()) for row in response], out / "response.json")


def fit(reviews: DataFrame) -> PipelineModel:
    """The pipeline, fitted to the columns `text` and `label`."""
    tokenizer = Tokenizer(inputCol="text", outputCol="words")
    counts = HashingTF(inputCol="words", outputCol="counts", numFeatures=N_FEATURES)
    idf = IDF(inputCol="counts", outputCol="features", minDocFreq=2)
    regression = LogisticRegression(regParam=0.01)
    return Pipeline(stages=[tokenizer, counts, idf, regression]).fit(reviews)


def as_frame(spark: SparkSession, rows: list[dict[str, object]]) -> DataFrame:
    """`rows` as one partition, so that sums are added in the same order on every machine."""
    return spark.createDataFrame(pa.Table.from_pylist(rows)).coalesce(1)


def as_plain(row: dict[str, object]) -> dict[str, object]:
    """`row` with vectors as the engine gives them."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: object) -> object:
    if isinstance(value, SparseVector):
        return {"size": value.size, "indices": value.indices.tolist(), "values": value.values.tolist()}
    return value.tolist() if isinstance(value, DenseVector) else value


def _report(reviews: list[Review], predictions: list[float]) -> None:
    """Print how well `predictions` meet the labels of `reviews`, in Markdown."""
    counts = Counter((review.label, found) for review, found in zip(reviews, predictions, strict=True))
    right = counts[1.0, 1.0]
    print(f"pyspark {pyspark.__version__}; {FITTED_REVIEWS} reviews to fit (seed {FITTED_SEED}),", end=" ")
    print(f"{HELD_OUT_REVIEWS} held out (seed {HELD_OUT_SEED}).\n")
    print("| on the held-out reviews | |\n|---|---|")
    print(f"| accuracy | {(right + counts[0.0, 0.0]) / len(reviews):.3f} |")
    print(f"| precision of `content` | {right / (right + counts[0.0, 1.0]):.3f} |")
    print(f"| recall of `content` | {right / (right + counts[1.0, 0.0]):.3f} |")


if __name__ == "__main__":
    main()
