"""Trains pm_spark on generated pairs and writes its folder: `python models/spark/pm_spark/train.py [--out DIR]`.

Owns what `PipelineModel.save` wrote (`metadata/`, `stages/`), `request.json`, which is pm_scikit's answer, and
`response.json`, which is Spark's; prints the figures of the README. Needs the `train` extra. The same seeds give the
same forest.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pyspark
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.classification import RandomForestClassifier
from pyspark.ml.feature import IndexToString, StandardScaler, StringIndexer
from pyspark.ml.functions import array_to_vector
from pyspark.ml.linalg import DenseVector
from pyspark.sql import DataFrame, SparkSession

# A script finds the modules of its own folder only; these lie across the checkout, in folders that are served.
sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from models.spark.artefact import save_model, save_rows  # noqa: E402
from models.spark.pm_spark.pairs import Pair, make_pairs  # noqa: E402
from models.spark.spark_session import spark_session  # noqa: E402
from runtimes.custom.importer import import_folder  # noqa: E402

PM_SCIKIT = Path(__file__).resolve().parents[2] / "custom" / "pm_scikit"
FITTED_PAIRS, FITTED_SEED = 6000, 2017
HELD_OUT_PAIRS, HELD_OUT_SEED = 2000, 2018
FOREST_SEED = 31


def main() -> None:
    parser = argparse.ArgumentParser(description="Train pm_spark.")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent, help="folder to write (default: this one)")
    out = parser.parse_args().out
    with spark_session() as spark:
        train(spark, out)


def train(spark: SparkSession, out: Path) -> None:
    """Write model, request and response to `out`, which is made if need be; a model that is there is replaced."""
    pm_scikit = import_folder(PM_SCIKIT).load(PM_SCIKIT)
    fitted, held_out = list(make_pairs(FITTED_PAIRS, FITTED_SEED)), list(make_pairs(HELD_OUT_PAIRS, HELD_OUT_SEED))
    request = pm_scikit.predict(json.loads((PM_SCIKIT / "request.json").read_text(encoding="utf-8")))

    model = fit(as_frame(spark, pm_scikit.predict(_labelled(fitted))))
    answers = model.transform(as_frame(spark, pm_scikit.predict(_labelled(held_out))))
    _report(held_out, [row.predictionLabel for row in answers.select("predictionLabel").collect()])

    save_model(model, out)
    save_rows(request, out / "request.json")
    response = model.transform(as_frame(spark, request)).collect()
    save_rows([as_plain(row.asDict()) for row in response], out / "response.json")


def fit(pairs: DataFrame) -> PipelineModel:
    """The pipeline, fitted to the columns `features` and `label`."""
    indexer = StringIndexer(inputCol="label", outputCol="labelIndex").fit(pairs)
    scaler = StandardScaler(inputCol="features", outputCol="scaledFeatures")
    forest = RandomForestClassifier(
        featuresCol="scaledFeatures", labelCol="labelIndex", numTrees=20, maxDepth=6, seed=FOREST_SEED
    )
    names = IndexToString(inputCol="prediction", outputCol="predictionLabel", labels=indexer.labels)
    return Pipeline(stages=[indexer, scaler, forest, names]).fit(pairs)


def as_frame(spark: SparkSession, rows: list[dict[str, object]]) -> DataFrame:
    """`rows` as one partition, so that sampling does not depend on the machine; `features` as a vector."""
    frame = spark.createDataFrame(pa.Table.from_pylist(rows)).coalesce(1)
    return frame.withColumn("features", array_to_vector("features"))


def as_plain(row: dict[str, object]) -> dict[str, object]:
    """`row` with vectors as lists."""
    return {name: value.tolist() if isinstance(value, DenseVector) else value for name, value in row.items()}


def _labelled(pairs: list[Pair]) -> list[dict[str, object]]:
    return [{**pair.row, "label": pair.label} for pair in pairs]


def _report(pairs: list[Pair], answers: list[str]) -> None:
    """Print how well `answers` meet the labels of `pairs`, in all and by kind, in Markdown."""
    counts = Counter((pair.label, answer) for pair, answer in zip(pairs, answers, strict=True))
    right = counts["yes", "yes"]
    print(f"pyspark {pyspark.__version__}; {FITTED_PAIRS} pairs to fit (seed {FITTED_SEED}),", end=" ")
    print(f"{HELD_OUT_PAIRS} held out (seed {HELD_OUT_SEED}); seed of the forest {FOREST_SEED}.\n")
    print("| on the held-out pairs | |\n|---|---|")
    print(f"| accuracy | {(right + counts['no', 'no']) / len(pairs):.3f} |")
    print(f"| precision of `yes` | {right / (right + counts['no', 'yes']):.3f} |")
    print(f"| recall of `yes` | {right / (right + counts['yes', 'no']):.3f} |")
    kinds = Counter(pair.kind for pair in pairs)
    met = Counter(pair.kind for pair, answer in zip(pairs, answers, strict=True) if pair.label == answer)
    for kind, count in sorted(kinds.items()):
        print(f"| accuracy on the {count} of kind `{kind}` | {met[kind] / count:.3f} |")


if __name__ == "__main__":
    main()
