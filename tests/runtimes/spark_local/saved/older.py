"""Models in the formats of Spark 2: fitted and saved by the Spark of today, then rewritten as that one saved them.

What is rewritten is what Spark 4.3's readers ask the saved version about (`majorMinorVersion` in `ml/`), and what
`mllib/clustering/BisectingKMeansModel.scala` says in metadata of its own. Formats of 1.x are left out.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeAlias

from fitted import CELLS, COUNTS, NUMBERS, TEXT, Data, Frame, Row, models, pipeline
from spark_reader import data_frame

Version: TypeAlias = tuple[int, int]

_LATER_CLASSES = {
    *("FMClassificationModel", "FMRegressionModel", "RobustScalerModel", "TargetEncoderModel"),
    *("UnivariateFeatureSelectorModel", "VarianceThresholdSelectorModel"),
}
_LATER_PARAMS = {"blockSize", "foldCol", "leafCol", "maxBlockSizeInMB", "minWeightFractionPerNode", "relativeError"}
_SINCE_2_4 = {"distanceMeasure", "locale", "validationIndicatorCol"}
_FORESTS = {f"{kind}{of}Model" for kind in ("RandomForest", "GBT") for of in ("Classification", "Regression")}
_TREES = {"DecisionTreeClassificationModel", "DecisionTreeRegressionModel"}
_CHANGED_IN_3_0 = {
    *("BisectingKMeansModel", "DecisionTreeRegressionModel", "GBTClassificationModel", "HashingTF", "IDFModel"),
    *("MultilayerPerceptronClassificationModel", "NaiveBayesModel", "RandomForestClassificationModel"),
    "StringIndexerModel",
}


def older_models(frame: Frame) -> Iterator[tuple[Version, str, Any, Data]]:
    """The version that it is to be rewritten for, name, fitted model and rows."""
    of_old = list(_of_old(frame))
    named = {name for _, name, _, _ in of_old}
    left_out = named | _LATER_CLASSES | {"SQLTransformer"}  # whose SQL is Spark's own, not a format
    rest = (((2, 3), *found) for found in models(frame) if found[0] not in left_out)
    for version, name, model, data in chain(of_old, rest):
        yield version, name, model, data
        if name in _CHANGED_IN_3_0:
            yield (2, 4), name, model, data


def _of_old(frame: Frame) -> Iterator[tuple[Version, str, Any, Data]]:
    """Those that `fitted` has with what Spark 2 had not: several columns, other types; and formats before 2.3."""
    from pyspark.ml.classification import LogisticRegression, NaiveBayes
    from pyspark.ml.feature import (
        Binarizer,
        IndexToString,
        OneHotEncoder,
        StopWordsRemover,
        StringIndexer,
        Word2Vec,
    )
    from pyspark.ml.regression import LinearRegression

    text, numbers = frame(*TEXT), frame(*NUMBERS)
    indexer = StringIndexer(inputCol="word", outputCol="i").fit(text)
    hot = {"inputCols": ["i"], "outputCols": ["u"]}
    words = {"inputCol": "words", "outputCol": "out"}
    yield (2, 3), "StringIndexerModel", indexer, TEXT
    yield (2, 3), "IndexToString", pipeline(indexer, IndexToString(inputCol="i", outputCol="back")), TEXT
    encoder = OneHotEncoder(**hot).fit(indexer.transform(text))
    yield (2, 3), "OneHotEncoderModel", pipeline(indexer, encoder), TEXT
    yield (2, 2), "OneHotEncoder", pipeline(indexer, encoder), TEXT
    yield (2, 3), "StopWordsRemover", StopWordsRemover(stopWords=["the", "0"], **words), TEXT
    yield (2, 3), "Binarizer", Binarizer(inputCol="x", outputCol="out", threshold=0.5), CELLS
    yield (2, 3), "NaiveBayesModel", NaiveBayes(modelType="multinomial").fit(frame(*COUNTS)), COUNTS
    yield (2, 0), "LogisticRegressionModel", LogisticRegression(labelCol="half", threshold=0.3).fit(numbers), NUMBERS
    several = pipeline(LogisticRegression(maxIter=3).fit(numbers))
    yield (2, 3), "LogisticRegressionModel", several, NUMBERS
    yield (2, 1), "Word2VecModel", Word2Vec(vectorSize=3, minCount=1, maxIter=1, seed=1, **words).fit(text), TEXT
    yield (2, 3), "Word2VecModel", Word2Vec(vectorSize=2, minCount=1, maxIter=1, seed=1, **words).fit(text), TEXT
    yield (2, 2), "LinearRegressionModel", LinearRegression(labelCol="amount", regParam=0.1).fit(numbers), NUMBERS
    yield (2, 3), "LinearRegressionModel", LinearRegression(labelCol="amount", loss="huber").fit(numbers), NUMBERS


def rewrite(spark: Any, folder: Path, version: Version) -> None:
    """Makes of what Spark saved in `folder`, and of all stages inside, what that version would have saved."""
    saved = [(part.parents[1], json.loads(part.read_text())) for part in folder.rglob("metadata/part-*")]
    for stage, found in saved:
        if "paramMap" not in found:
            continue  # of mllib
        name = found["class"].rpartition(".")[2]
        for classes, changed, change in _CHANGES:
            if name in classes and version < changed:
                change(spark, stage, found, version)
        _write(stage, _metadata(found, version))


def without_sizes(folder: Path) -> None:
    """Makes of the last stage of a pipeline, a OneHotEncoderModel, the OneHotEncoder that Spark 2.2 had."""
    stage = sorted((folder / "stages").iterdir())[-1]
    found = json.loads(next((stage / "metadata").glob("part-*")).read_text())
    (taken,), (made,) = found["paramMap"]["inputCols"], found["paramMap"]["outputCols"]
    params = {"inputCol": taken, "outputCol": made, "dropLast": True}
    _write(stage, found | {"class": "org.apache.spark.ml.feature.OneHotEncoder", "paramMap": params})
    shutil.rmtree(stage / "data")


def _metadata(found: Row, version: Version) -> Row:
    """Before 2.4 there was one map of all parameters, defaults among them."""
    later = _LATER_PARAMS | (_SINCE_2_4 if version < (2, 4) else set())
    defaults, params = (
        {name: value for name, value in found[key].items() if name not in later}
        for key in ("defaultParamMap", "paramMap")
    )
    kept = {key: value for key, value in found.items() if key != "defaultParamMap"}
    kept |= {"sparkVersion": f"{version[0]}.{version[1]}.0", "paramMap": params}
    if "outputCols" in params:
        defaults.pop("outputCol", None)  # then of stages of one column only
    if version < (2, 4):
        return kept | {"paramMap": defaults | params}
    return kept | {"defaultParamMap": defaults}


def _write(stage: Path, metadata: Row) -> None:
    shutil.rmtree(stage / "metadata")
    (stage / "metadata").mkdir()
    (stage / "metadata" / "part-00000").write_text(json.dumps(metadata) + "\n")
    (stage / "metadata" / "_SUCCESS").touch()


def _table(change: Callable[[Any, Any], Any], name: str = "data") -> Callable[[Any, Path, Row, Version], None]:
    """A change of a table: `change` is given the session and a data frame."""

    def changing(spark: Any, stage: Path, found: Row, version: Version) -> None:
        old, new = stage / name, stage / "new"
        change(spark, spark.read.parquet(str(old))).coalesce(1).write.parquet(str(new))
        shutil.rmtree(old)
        new.rename(old)

    return changing


def _coefficients(spark: Any, data: Any) -> Any:
    (row,) = data.collect()
    old = {
        "numClasses": row.numClasses,
        "numFeatures": row.numFeatures,
        "intercept": float(row.interceptVector[0]),
        "coefficients": row.coefficientMatrix.toArray()[0].tolist(),
    }
    return data_frame(spark, "numClasses integer, numFeatures integer, intercept double, coefficients vector", [old])


def _word_index(spark: Any, data: Any) -> Any:
    rows = data.collect()
    index = {row.word: place for place, row in enumerate(rows)}
    row = (index, [number for row in rows for number in row.vector])
    return spark.createDataFrame([row], "wordIndex map<string, int>, wordVectors array<float>")


def _layers(spark: Any, stage: Path, found: Row, version: Version) -> None:
    sizes = ", ".join(map(str, found["paramMap"].pop("layers")))
    _table(lambda _, data: data.selectExpr(f"array({sizes}) AS layers", "weights"))(spark, stage, found, version)


def _tree_metadata(spark: Any, stage: Path, found: Row, version: Version) -> None:
    def change(_: Any, data: Any) -> Any:
        rows = [(row[0], json.dumps(_metadata(json.loads(row[1]), version)), row[2]) for row in data.collect()]
        return spark.createDataFrame(rows, "treeID integer, metadata string, weights double")

    _table(change, "treesMetadata")(spark, stage, found, version)


def _old_clusters(spark: Any, stage: Path, found: Row, version: Version) -> None:
    inner = json.loads(next((stage / "data" / "metadata").glob("part-*")).read_text())
    kept = {"class": inner["class"], "version": "1.0", "rootId": inner["rootId"]}
    if version == (2, 4):
        kept |= {"version": "2.0", "distanceMeasure": inner["distanceMeasure"]}
    _write(stage / "data", kept)


def _uncounted(spark: Any, stage: Path, found: Row, version: Version) -> None:
    del found["numTrainingRecords"]


_CHANGES: tuple[tuple[set[str], Version, Callable[[Any, Path, Row, Version], None]], ...] = (
    ({"LogisticRegressionModel"}, (2, 1), _table(_coefficients)),
    ({"Word2VecModel"}, (2, 2), _table(_word_index)),
    ({"LinearRegressionModel"}, (2, 3), _table(lambda _, data: data.drop("scale"))),
    ({"FPGrowthModel"}, (2, 4), _uncounted),
    ({"StringIndexerModel"}, (3, 0), _table(lambda _, data: data.selectExpr("labelsArray[0] AS labels"))),
    ({"IDFModel"}, (3, 0), _table(lambda _, data: data.select("idf"))),
    ({"NaiveBayesModel"}, (3, 0), _table(lambda _, data: data.drop("sigma"))),
    ({"MultilayerPerceptronClassificationModel"}, (3, 0), _layers),
    ({"BisectingKMeansModel"}, (3, 0), _old_clusters),
    (_TREES, (3, 0), _table(lambda _, data: data.drop("rawCount"))),
    (_FORESTS, (3, 0), _tree_metadata),
    (
        _FORESTS,
        (3, 0),
        _table(lambda _, data: data.withColumn("nodeData", data.nodeData.dropFields("rawCount"))),
    ),
)
"""Classes, the version from which on they are saved as today, and the change: of tables, and of the metadata given."""
