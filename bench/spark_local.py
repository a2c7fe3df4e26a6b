"""spark-local beside Spark: a pipeline of text, forests and boosted trees, by single rows and by many.

Spark runs in `local[2]` on the JDK of the tests, in a process of its own, asked for the same rows in the same round. Up
to 1,000 rows both give Python rows; of 100,000 Spark has to collect nothing (its `noop` sink), which is in its favour.
Then each starts anew in every round, until its first answer: the time and the most memory, of the JVM too.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "support"), str(HERE.parent)]

import numpy as np
from rounds import Figures, parser, run

from models.spark.spark_session import spark_session
from runtimes.spark_local import load

N_FEATURES = 20
FITTED_ROWS = 20_000
WORDS = [f"word{n}" for n in range(5_000)]
SENTENCE_WORDS = 20
LEAST_S = 0.3
"""A measurement asks again until it has lasted so long."""
SINK_FROM = 10_000
"""From so many rows on Spark's answer is not collected."""

Rows = list[dict[str, Any]]

FIRST_ANSWER = """
import sys
from runtimes.spark_local import load
load(sys.argv[1]).transform([{"features": [0.5] * int(sys.argv[2])}])
print(open("/proc/self/status").read())
"""
SPARKS_FIRST_ANSWER = """
import sys
from models.spark.spark_session import spark_session
with spark_session(2) as spark:
    from pyspark.ml import PipelineModel
    from pyspark.ml.linalg import Vectors
    frame = spark.createDataFrame([(Vectors.dense([0.5] * int(sys.argv[2])),)], ["features"])
    PipelineModel.load(sys.argv[1]).transform(frame).collect()
    print(open("/proc/self/status").read())
    jvm = spark.sparkContext._gateway.proc.pid
    print(open(f"/proc/{jvm}/status").read())
"""


def sentences(n: int, seed: int) -> Rows:
    drawn = np.random.default_rng(seed).integers(len(WORDS), size=(n, SENTENCE_WORDS))
    return [{"text": " ".join(WORDS[word] for word in of_row)} for of_row in drawn]


def vectors(n: int, seed: int) -> Rows:
    return [{"features": numbers} for numbers in np.random.default_rng(seed).normal(size=(n, N_FEATURES)).tolist()]


def fitted(spark: Any) -> Mapping[str, tuple[Any, Callable[[int, int], Rows]]]:
    """The models, and what makes rows for them."""
    from pyspark.ml import Pipeline
    from pyspark.ml.classification import GBTClassifier, LogisticRegression, RandomForestClassifier
    from pyspark.ml.feature import IDF, HashingTF, Tokenizer, VectorAssembler
    from pyspark.ml.linalg import Vectors

    rows = vectors(FITTED_ROWS, 1)
    label = [float(row["features"][0] * row["features"][1] + row["features"][2] > 0) for row in rows]
    numbers = spark.createDataFrame(
        [(Vectors.dense(row["features"]), of) for row, of in zip(rows, label, strict=True)], ["features", "label"]
    )
    texts = spark.createDataFrame(
        [(row["text"], float("word1" in row["text"])) for row in sentences(2_000, 2)], ["text", "label"]
    )
    text = [
        Tokenizer(inputCol="text", outputCol="words"),
        HashingTF(inputCol="words", outputCol="counts"),
        IDF(inputCol="counts", outputCol="weights"),
        VectorAssembler(inputCols=["weights"], outputCol="features"),
        LogisticRegression(maxIter=5),
    ]

    def trees(of: Any) -> Any:
        return Pipeline(stages=[of]).fit(numbers)

    return {
        "text, logistic regression": (Pipeline(stages=text).fit(texts), sentences),
        "forest, 20 trees": (trees(RandomForestClassifier(numTrees=20, maxDepth=10, seed=1)), vectors),
        "forest, 200 trees": (trees(RandomForestClassifier(numTrees=200, maxDepth=10, seed=1)), vectors),
        "boosted, 100 trees": (trees(GBTClassifier(maxIter=100, maxDepth=5, seed=1)), vectors),
    }


def asked(spark: Any, model: Any, rows: Rows) -> Callable[[], object]:
    """Spark's answer to `rows`, from rows of Python to rows of Python or into its sink."""
    from pyspark.ml.linalg import Vectors

    plain = [{n: Vectors.dense(v) if isinstance(v, list) else v for n, v in row.items()} for row in rows]
    if len(rows) < SINK_FROM:
        return lambda: model.transform(spark.createDataFrame(plain)).collect()
    frame = spark.createDataFrame(plain).repartition(2).cache()
    frame.count()
    return lambda: model.transform(frame).write.format("noop").mode("overwrite").save()


def taken_s(work: Callable[[], object]) -> float:
    """Seconds a call."""
    calls, began = 0, time.perf_counter()
    while not calls or time.perf_counter() - began < LEAST_S:
        work()
        calls += 1
    return (time.perf_counter() - began) / calls


def first_answer(script: str, model: Path) -> dict[str, float]:
    began = time.perf_counter()
    said = subprocess.run(
        [sys.executable, "-c", script, str(model), str(N_FEATURES)],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    lasted_s = time.perf_counter() - began
    peaks_kb = [int(line.split()[1]) for line in said.splitlines() if line.startswith("VmHWM:")]
    return {"until the first answer, s": lasted_s, "memory at most, MB": sum(peaks_kb) * 1024 / 1e6}


def compare(options: argparse.Namespace, folder: Path, spark: Any) -> list[Figures]:
    speed = Figures("Scoring", "model", "rows", "by")
    cases: dict[tuple[str, int], Sequence[Callable[[], object]]] = {}
    for name, (model, make) in fitted(spark).items():
        path = folder / name
        model.write().save(str(path))
        ours = load(path)
        for n in options.rows:
            rows = make(n, 3)
            cases[name, n] = (lambda m=ours, r=rows: m.transform(r), asked(spark, model, rows))
    gc.freeze()
    for work in (work for pair in cases.values() for work in pair):
        work()
    for number in range(options.rounds):
        print(f"{speed.title}: round {number + 1} of {options.rounds}", file=sys.stderr)
        for (name, n), works in cases.items():
            for by, work in zip(("spark-local", "Spark"), works, strict=True):
                lasted_s = taken_s(work)
                speed.add((name, n, by), {"a call, ms": lasted_s * 1e3, "a row, µs": lasted_s / n * 1e6})
    for name, n in cases:
        ratio = speed.ratio("a call, ms", (name, n, "Spark"), (name, n, "spark-local"))
        speed.remarks.append(f"{name}, {n} rows: Spark takes {ratio} times as long")
    return [speed]


async def measure(options: argparse.Namespace) -> list[Figures]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        with spark_session(2) as spark:
            tables = compare(options, folder, spark)
        start = Figures("A start, until its first answer: the forest of 20 trees", "by")
        for _ in range(options.rounds):
            for by, script in (("spark-local", FIRST_ANSWER), ("Spark", SPARKS_FIRST_ANSWER)):
                start.add((by,), first_answer(script, folder / "forest, 20 trees"))
    return [*tables, start]


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--rows", type=int, nargs="+", default=[1, 10, 1_000, 100_000], help="default: %(default)s")
    run(options.parse_args(), measure)
