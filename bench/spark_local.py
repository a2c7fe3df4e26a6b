"""spark-local beside Spark: a pipeline of text, forests and boosted trees, by single rows and by many.

Spark runs in `local[2]` on the JDK of the tests, and is asked for the same rows in the same round, in two ways. As
spark-local it takes Python's rows, and gives their predictions back, where spark-local gives all columns. Or it begins
with a frame that it has in memory already and ends in its `noop` sink: what its stages take, and no more. Then each
starts anew in every round, until its first answer: the time, and the most memory that it had, its JVM's too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
from rounds import MB, Figures, parser, run

from models.spark.spark_session import spark_session
from runtimes.spark_local import compile_model, load

N_FEATURES = 20
WORDS = [f"word{n}" for n in range(5_000)]
SENTENCE_WORDS = 20
LEAST_S = 0.3
"""A measurement asks again until it has lasted so long."""
OURS, SPARK, SPARKS_STAGES = "spark-local", "Spark", "Spark's stages alone"

Rows = list[dict[str, Any]]
Fitted = tuple[str, Any, Callable[[int, int], Rows]]
"""A model, its name, and what makes so many rows for it from a seed."""

OUR_FIRST_ANSWER = """
import json, sys, time
from runtimes.spark_local import load
load(sys.argv[1]).transform(json.loads(sys.argv[2]))
print(time.time())
print(open("/proc/self/status").read())
"""
SPARKS_FIRST_ANSWER = """
import json, sys, time
from models.spark.spark_session import spark_session
with spark_session(2) as spark:
    from pyspark.ml import PipelineModel
    from pyspark.ml.linalg import Vectors
    asked = json.loads(sys.argv[2])
    rows = [{n: v if isinstance(v, str) else Vectors.dense(v) for n, v in row.items()} for row in asked]
    PipelineModel.load(sys.argv[1]).transform(spark.createDataFrame(rows)).select("prediction").collect()
    print(time.time())
    print(open("/proc/self/status").read())
    print(open(f"/proc/{spark.sparkContext._gateway.proc.pid}/status").read())
"""


def sentences(n: int, seed: int) -> Rows:
    drawn = np.random.default_rng(seed).integers(len(WORDS), size=(n, SENTENCE_WORDS))
    return [{"text": " ".join(WORDS[word] for word in of_row)} for of_row in drawn]


def vectors(n: int, seed: int) -> Rows:
    return [{"features": numbers} for numbers in np.random.default_rng(seed).normal(size=(n, N_FEATURES)).tolist()]


def fitted(spark: Any, options: argparse.Namespace) -> Iterator[Fitted]:
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import GBTClassifier, LogisticRegression, RandomForestClassifier
    from pyspark.ml.feature import IDF, HashingTF, Tokenizer, VectorAssembler
    from pyspark.ml.linalg import Vectors

    texts = [(row["text"], float("word1" in row["text"])) for row in sentences(options.fitted_rows, 2)]
    of_text = [
        Tokenizer(inputCol="text", outputCol="words"),
        HashingTF(inputCol="words", outputCol="counts"),
        IDF(inputCol="counts", outputCol="weights"),
        VectorAssembler(inputCols=["weights"], outputCol="features"),
        LogisticRegression(maxIter=5),
    ]
    yield "text", Pipeline(stages=of_text).fit(spark.createDataFrame(texts, ["text", "label"])), sentences

    points = [row["features"] for row in vectors(options.fitted_rows, 1)]
    labelled = [(Vectors.dense(x), float(x[0] * x[1] + x[2] > 0)) for x in points]
    frame = spark.createDataFrame(labelled, ["features", "label"]).cache()
    for n in options.forests:
        forest = RandomForestClassifier(numTrees=n, maxDepth=10, seed=1)
        yield f"forest of {n}", Pipeline(stages=[forest]).fit(frame), vectors
    boosted = GBTClassifier(maxIter=options.boosted, maxDepth=5, seed=1)
    yield f"GBT of {options.boosted}", Pipeline(stages=[boosted]).fit(frame), vectors
    frame.unpersist()


def sparks_works(spark: Any, model: Any, rows: Rows) -> dict[str, Callable[[], object]]:
    from pyspark.ml.linalg import Vectors, VectorUDT
    from pyspark.sql.types import StringType, StructField, StructType

    ((name, first),) = rows[0].items()
    is_text = isinstance(first, str)
    schema = StructType([StructField(name, StringType() if is_text else VectorUDT())])
    plain = [(row[name] if is_text else Vectors.dense(row[name]),) for row in rows]
    in_memory = spark.createDataFrame(plain, schema).repartition(min(2, len(rows))).cache()
    in_memory.count()

    def from_rows() -> object:
        # All its columns would take a quarter of a second a row: with each, the names of all hashed words come again.
        return model.transform(spark.createDataFrame(plain, schema)).select("prediction").collect()

    return {
        SPARK: from_rows,
        SPARKS_STAGES: lambda: model.transform(in_memory).write.format("noop").mode("overwrite").save(),
    }


def lasted_s(work: Callable[[], object]) -> float:
    """Seconds a call."""
    calls, began = 0, time.perf_counter()
    while not calls or time.perf_counter() - began < LEAST_S:
        work()
        calls += 1
    return (time.perf_counter() - began) / calls


def compare(spark: Any, options: argparse.Namespace, folder: Path) -> Figures:
    """Saves each model in `folder`, under its name."""
    table = Figures("Microseconds a row", "model", "rows")
    cases: dict[tuple[str, int], dict[str, Callable[[], object]]] = {}
    for name, model, make in fitted(spark, options):
        print(f"{name}: fitted", file=sys.stderr)
        model.write().save(str(folder / name))
        ours = load(folder / name)
        for n in options.rows:
            rows = make(n, 3)
            works = {OURS: lambda m=ours, r=rows: m.transform(r), **sparks_works(spark, model, rows)}  # type: ignore[misc]
            for work in works.values():
                work()
            cases[name, n] = works
    for number in range(options.rounds):
        print(f"{table.title}: round {number + 1} of {options.rounds}", file=sys.stderr)
        for case, works in cases.items():
            a_row_us = {by: lasted_s(work) / case[1] * 1e6 for by, work in works.items()}
            ratios = {f"{by}, times": a_row_us[by] / a_row_us[OURS] for by in (SPARK, SPARKS_STAGES)}
            table.add(case, {**a_row_us, **ratios})
    return table


def first_answer(script: str, model: Path, rows: str) -> dict[str, float]:
    began = time.time()
    command = [sys.executable, "-c", script, str(model), rows]
    said = subprocess.run(command, cwd=Path(__file__).parents[1], capture_output=True, text=True, check=True).stdout
    answered, *status = said.splitlines()
    peaks_kb = [int(line.split()[1]) for line in status if line.startswith("VmHWM:")]
    return {"until it has answered, s": float(answered) - began, "memory at most, MB": sum(peaks_kb) * 1024 / MB}


async def measure(options: argparse.Namespace) -> list[Figures]:
    start = Figures("A start and its first answer", "model", "by")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with spark_session(2) as spark:
            speed = compare(spark, options, folder)
        print(start.title, file=sys.stderr)
        for model, rows in (
            ("text", '[{"text": "word1"}]'),
            (f"forest of {options.forests[0]}", f'[{{"features": {[0.5] * N_FEATURES}}}]'),
        ):
            compile_model(folder / model, folder / "compiled" / model)
            for _ in range(options.rounds):
                start.add((model, OURS), first_answer(OUR_FIRST_ANSWER, folder / model, rows))
                start.add(
                    (model, f"{OURS}, compiled"), first_answer(OUR_FIRST_ANSWER, folder / "compiled" / model, rows)
                )
                start.add((model, SPARK), first_answer(SPARKS_FIRST_ANSWER, folder / model, rows))
    return [speed, start]


if __name__ == "__main__":
    options = parser(__doc__, rounds=5)
    options.add_argument("--rows", type=int, nargs="+", default=[1, 10, 1_000, 100_000], help="default: %(default)s")
    options.add_argument(
        "--fitted-rows", type=int, default=20_000, help="what models are fitted on; default: %(default)s"
    )
    options.add_argument("--forests", type=int, nargs="+", default=[20, 200], help="trees; default: %(default)s")
    options.add_argument("--boosted", type=int, default=100, help="trees; default: %(default)s")
    run(options.parse_args(), measure, needs_wrk=False)
