"""The engine's answers held against Spark's own, stage by stage. Everything here is promised to the last bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.jvm

NAN, INF = float("nan"), float("inf")
ODD = [0.0, -0.0, 1.0, -1.5, 0.1, 1e-300, 5e-324, 1e23, 1.0000000000000002, 123456789.125, NAN, INF, -INF]


@pytest.fixture(scope="module")
def frame(spark: Any) -> Any:
    """Makes a data frame: `frame("name type, …", rows)`, where the type `vector` is Spark's own."""
    from pyspark.ml.linalg import VectorUDT
    from pyspark.sql.types import StructType

    def make(columns: str, rows: list[tuple[Any, ...]]) -> Any:
        schema = StructType()
        for column in columns.split(", "):
            name, kind = column.split()
            schema = schema.add(name, VectorUDT() if kind == "vector" else kind)
        return spark.createDataFrame(rows, schema)

    return make


@pytest.fixture(scope="module")
def mixed(frame: Any) -> Any:
    """Labelled vectors of five numbers: dense and sparse, ties, zeros of both signs, infinities and NaN."""
    from pyspark.ml.linalg import Vectors

    random = np.random.default_rng(7)
    rows = []
    for index in range(200):
        numbers = random.normal(size=5).round(1)
        numbers[random.integers(5)] = random.choice(ODD) if index % 3 == 0 else 0.0
        numbers[4] = random.integers(4)
        filled = [(place, number) for place, number in enumerate(numbers) if number != 0.0 or index % 4 == 0]
        vector = Vectors.sparse(5, filled) if index % 2 else Vectors.dense(numbers)
        rows.append((vector, float(numbers[0] + numbers[1] > 0.3) + float(numbers[4] == 2)))
    return frame("features vector, label double", rows)


def finite(data: Any) -> Any:
    """The rows of a frame that a model can be fitted on."""
    return data.sparkSession.createDataFrame(
        [row for row in data.collect() if np.isfinite(row.features.toArray()).all()], data.schema
    )


@pytest.fixture(scope="module")
def forest(mixed: Any) -> Any:
    from pyspark.ml.classification import RandomForestClassifier

    return RandomForestClassifier(numTrees=20, maxDepth=6, seed=5, leafCol="leaf").fit(finite(mixed))


class TestStringIndexer:
    @pytest.mark.parametrize("handle_invalid", ["keep", "skip"])
    def test_text(self, frame: Any, parity: Any, handle_invalid: str) -> None:
        from pyspark.ml.feature import StringIndexer

        model = StringIndexer(inputCol="t", outputCol="i", handleInvalid=handle_invalid)
        model = model.fit(frame("t string", [("a",), ("b",), ("b",), ("é",), ("",), ("1",), ("NaN",)]))
        parity.check(
            model, frame("t string", [("a",), ("é",), ("e\u0301",), (None,), ("",), ("A",), ("1.0",), ("NaN",)])
        )

    @pytest.mark.parametrize("handle_invalid", ["keep", "skip"])
    def test_numbers_cast_as_java_writes_them(self, frame: Any, parity: Any, handle_invalid: str) -> None:
        from pyspark.ml.feature import StringIndexer

        random = np.random.default_rng(3)
        doubles = [*ODD, *random.normal(size=50), *(10.0 ** random.integers(-20, 20, 30)), *np.arange(5.0), 1e7, 1e-3]
        rows = [(float(value), int(value) if abs(value) < 1e9 else 0) for value in doubles]
        model = StringIndexer(inputCols=["d", "n"], outputCols=["di", "ni"], handleInvalid=handle_invalid)
        model = model.fit(frame("d double, n long", rows))
        parity.check(model, frame("d double, n long", [*rows, (None, 1), (2.0, None), (0.25, 7), (9e9, 10**15 + 1)]))

    def test_several_columns_of_which_one_is_absent(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import StringIndexer

        both = frame("s string, t string", [("a", "x"), ("b", "y"), ("b", "x")])
        model = StringIndexer(inputCols=["s", "t"], outputCols=["si", "ti"]).fit(both)
        parity.check(model, both.select("t"))

    @pytest.mark.parametrize("text", ["new", None])
    def test_refuses_what_is_unseen_or_null(self, frame: Any, parity: Any, text: str | None) -> None:
        from pyspark.ml.feature import StringIndexer

        model = StringIndexer(inputCol="t", outputCol="i").fit(frame("t string", [("a",)]))
        parity.check_refused(model, frame("t string", [("a",), (text,)]))

    def test_refuses_booleans(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import StringIndexer

        model = StringIndexer(inputCol="t", outputCol="i", handleInvalid="keep").fit(frame("t string", [("true",)]))
        parity.check_refused(model, frame("t boolean", [(True,)]))


class TestIndexToString:
    def test_cuts_the_index(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import IndexToString

        model = IndexToString(inputCol="i", outputCol="t", labels=["a", "b", ""])
        parity.check(model, frame("i double", [(0.0,), (-0.0,), (-0.9,), (0.9,), (1.0,), (2.999,)]))
        parity.check(model, frame("i integer", [(0,), (2,)]))

    @pytest.mark.parametrize("index", [-1.0, 3.0, NAN, INF, -INF, 1e300])
    def test_refuses_what_is_no_index(self, frame: Any, parity: Any, index: float) -> None:
        from pyspark.ml.feature import IndexToString

        model = IndexToString(inputCol="i", outputCol="t", labels=["a", "b", "c"])
        parity.check_refused(model, frame("i double", [(index,)]))

    @pytest.mark.parametrize("handle_invalid", ["error", "keep"])
    def test_takes_the_labels_of_the_column(self, frame: Any, parity: Any, handle_invalid: str) -> None:
        from pyspark.ml import Pipeline
        from pyspark.ml.feature import IndexToString, StringIndexer

        indexer = StringIndexer(inputCol="t", outputCol="i", handleInvalid=handle_invalid)
        model = Pipeline(stages=[indexer, IndexToString(inputCol="i", outputCol="back")])
        seen = frame("t string", [("a",), ("b",), ("b",)])
        parity.check(model.fit(seen), frame("t string", [("a",), ("new",)]) if handle_invalid == "keep" else seen)

    def test_refuses_to_be_without_labels(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import IndexToString

        parity.check_refused(IndexToString(inputCol="i", outputCol="t"), frame("i double", [(0.0,)]))


class TestVectorAssembler:
    @pytest.mark.parametrize("handle_invalid", ["error", "skip"])
    def test_numbers_booleans_and_vectors(self, frame: Any, parity: Any, handle_invalid: str) -> None:
        from pyspark.ml.feature import VectorAssembler
        from pyspark.ml.linalg import Vectors

        inputs = ["x", "n", "b", "v"]
        vectors = [
            Vectors.dense(NAN, -0.0),
            Vectors.sparse(9, [2, 5], [0.0, 3.0]),
            Vectors.dense(1, 2),
            Vectors.dense(),
        ]
        numbers = [value for value in ODD if value == value]
        rows = [(x, index - 3, index % 2 == 0, vectors[index % 4]) for index, x in enumerate(numbers)]
        if handle_invalid == "skip":
            rows += [(NAN, 1, True, vectors[2]), (None, 1, True, vectors[2]), (1.0, None, True, vectors[2])]
            rows += [(1.0, 1, None, vectors[2]), (1.0, 1, True, None), (7.0, 7, True, vectors[2])]
        model = VectorAssembler(inputCols=inputs, outputCol="f", handleInvalid=handle_invalid)
        parity.check(model, frame("x double, n integer, b boolean, v vector", rows))

    @pytest.mark.parametrize("row", [(NAN,), (None,)])
    def test_refuses_nan_and_null(self, frame: Any, parity: Any, row: tuple[Any]) -> None:
        from pyspark.ml.feature import VectorAssembler

        parity.check_refused(VectorAssembler(inputCols=["x"], outputCol="f"), frame("x double", [(1.0,), row]))

    def test_keeps_nulls_as_nan(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import VectorAssembler

        model = VectorAssembler(inputCols=["x", "n", "b"], outputCol="f", handleInvalid="keep")
        rows = [(None, None, None), (NAN, 1, False), (0.0, None, True), (1.0, 0, None)]
        parity.check(model, frame("x double, n integer, b boolean", rows))

    def test_keeps_a_null_vector_as_nan_where_its_size_is_known(self, frame: Any, parity: Any) -> None:
        from pyspark.ml import PipelineModel
        from pyspark.ml.feature import StandardScaler, VectorAssembler
        from pyspark.ml.linalg import Vectors

        data = frame("v vector, x double", [(Vectors.dense(1, 2), 1.0), (Vectors.dense(3, 4), 0.0), (None, None)])
        scaler = StandardScaler(inputCol="v", outputCol="s", withStd=False).fit(data.dropna())
        assembler = VectorAssembler(inputCols=["s", "x"], outputCol="f", handleInvalid="keep")
        parity.check(PipelineModel([scaler, assembler]), data)
        parity.check_refused(VectorAssembler(inputCols=["v"], outputCol="f", handleInvalid="keep"), data)

    def test_sparse_where_that_is_smaller(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import VectorAssembler
        from pyspark.ml.linalg import Vectors

        rows = [(Vectors.dense([1.0] * filled + [0.0] * (8 - filled)), x) for filled in range(9) for x in (0.0, 2.0)]
        parity.check(VectorAssembler(inputCols=["v", "x"], outputCol="f"), frame("v vector, x double", rows))

    def test_refuses_text(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import VectorAssembler

        parity.check_refused(VectorAssembler(inputCols=["t"], outputCol="f"), frame("t string", [("1.0",)]))


class TestStandardScaler:
    @pytest.mark.parametrize("with_mean", [False, True])
    @pytest.mark.parametrize("with_std", [False, True])
    def test_mean_and_deviation(self, mixed: Any, parity: Any, with_mean: bool, with_std: bool) -> None:
        from pyspark.ml.feature import StandardScaler

        model = StandardScaler(inputCol="features", outputCol="s", withMean=with_mean, withStd=with_std)
        parity.check(model.fit(finite(mixed)), mixed)

    def test_a_deviation_of_zero(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.feature import StandardScaler
        from pyspark.ml.linalg import Vectors

        data = frame("v vector", [(Vectors.dense(3, 1),), (Vectors.dense(3, 2),)])
        odd = frame("v vector", [(Vectors.dense(INF, -0.0),), (Vectors.dense(NAN, INF),), (Vectors.dense(-1, 1),)])
        parity.check(StandardScaler(inputCol="v", outputCol="s").fit(data), odd)

    @pytest.mark.parametrize("with_std", [False, True])
    def test_null(self, frame: Any, parity: Any, with_std: bool) -> None:
        from pyspark.ml.feature import StandardScaler
        from pyspark.ml.linalg import Vectors

        model = StandardScaler(inputCol="v", outputCol="s", withStd=with_std)
        model = model.fit(frame("v vector", [(Vectors.dense(3, 1),), (Vectors.dense(3, 2),)]))
        check = parity.check_refused if with_std else parity.check
        check(model, frame("v vector", [(None,)]))


class TestRandomForestClassifier:
    def test_votes_probabilities_and_leaves(self, forest: Any, mixed: Any, parity: Any) -> None:
        answer = parity.check(forest, mixed)
        assert {row["prediction"] for row in answer} == {0.0, 1.0, 2.0}

    @pytest.mark.parametrize("raw", ["", "raw"])
    @pytest.mark.parametrize("probability", ["", "p"])
    @pytest.mark.parametrize("thresholds", [None, [0.2, 0.0, 0.8]])
    def test_outputs(
        self, forest: Any, mixed: Any, parity: Any, raw: str, probability: str, thresholds: list[float] | None
    ) -> None:
        params = {forest.rawPredictionCol: raw, forest.probabilityCol: probability, forest.leafCol: ""}
        model = forest.copy(params | ({forest.thresholds: thresholds} if thresholds else {}))
        parity.check(model, mixed.limit(60))

    def test_no_output_at_all(self, forest: Any, mixed: Any, parity: Any) -> None:
        names = (forest.rawPredictionCol, forest.probabilityCol, forest.predictionCol, forest.leafCol)
        parity.check(forest.copy(dict.fromkeys(names, "")), mixed.limit(3))

    def test_thresholds_of_another_number_of_classes(self, forest: Any, mixed: Any, parity: Any) -> None:
        parity.check_refused(forest.copy({forest.thresholds: [0.5, 0.5]}), mixed.limit(3))

    @pytest.mark.parametrize("numbers", [None, [1.0, 2.0]])
    def test_refuses_null_and_short_vectors(self, forest: Any, frame: Any, parity: Any, numbers: Any) -> None:
        from pyspark.ml.linalg import Vectors

        rows = [(None if numbers is None else Vectors.dense(numbers),)]
        parity.check_refused(forest, frame("features vector", rows))

    def test_refuses_a_column_that_it_would_make(self, forest: Any, mixed: Any, parity: Any) -> None:
        parity.check_refused(forest, mixed.limit(3).withColumn("prediction", mixed.label))

    @pytest.mark.parametrize("impurity", ["gini", "entropy"])
    def test_categorical_splits(self, frame: Any, parity: Any, impurity: str) -> None:
        from pyspark.ml import Pipeline
        from pyspark.ml.classification import RandomForestClassifier
        from pyspark.ml.feature import StringIndexer, VectorAssembler

        random = np.random.default_rng(11)
        rows = [
            (f"c{city}", f"d{day}", float(x), f"l{(city * 5 + day) % 3 if x < 0.8 else city % 3}")
            for city, day, x in zip(
                random.integers(9, size=400), random.integers(4, size=400), random.random(400), strict=True
            )
        ]
        columns = "city string, day string, x double, label string"
        stages = [
            StringIndexer(inputCols=["city", "day"], outputCols=["ci", "di"], handleInvalid="keep"),
            StringIndexer(inputCol="label", outputCol="li"),
            VectorAssembler(inputCols=["ci", "di", "x"], outputCol="f"),
            RandomForestClassifier(
                featuresCol="f", labelCol="li", numTrees=10, seed=1, impurity=impurity, leafCol="leaf"
            ),
        ]
        model = Pipeline(stages=stages).fit(frame(columns, rows))
        unseen = [("new", "d1", 0.5, "l1"), (None, None, 0.9, "l0"), ("c1", "new", -INF, "l2")]
        parity.check(model, frame(columns, rows + unseen))
        parity.check(model, frame(columns, rows[:20]).drop("label"))

    def test_categories_that_training_did_not_know(self, frame: Any, parity: Any) -> None:
        from pyspark.ml.classification import RandomForestClassifier
        from pyspark.ml.feature import VectorIndexer
        from pyspark.ml.linalg import Vectors

        random = np.random.default_rng(2)
        drawn = random.integers(6, size=(300, 2))
        rows = [(Vectors.dense(a, b), float((a * 3 + b) % 4 in (0, 3))) for a, b in drawn]
        data = frame("v vector, label double", rows)
        indexed = VectorIndexer(inputCol="v", outputCol="features", maxCategories=6).fit(data).transform(data)
        model = RandomForestClassifier(numTrees=8, seed=3, leafCol="leaf").fit(indexed)
        assert "not in" in model.toDebugString
        odd = [-1.0, 6.0, 7.5, 2.5, -0.0, NAN, INF, 1e300]
        asked = [(Vectors.dense(a, b),) for a in [*odd, 0.0, 3.0] for b in [*odd, 1.0, 4.0]]
        parity.check(model, frame("features vector", asked))


def test_pipelines_inside_pipelines_of_more_than_ten_stages(frame: Any, parity: Any) -> None:
    from pyspark.ml import PipelineModel
    from pyspark.ml.feature import VectorAssembler

    def assembler(source: str, made: str) -> Any:
        return VectorAssembler(inputCols=[source], outputCol=made)

    inner = PipelineModel([assembler(f"v{n}" if n else "x", f"v{n + 1}") for n in range(11)])
    model = PipelineModel([inner, PipelineModel([]), assembler("v11", "out")])
    parity.check(model, frame("x double", [(1.0,), (0.0,)]))


def test_an_output_column_that_nobody_named(frame: Any, parity: Any) -> None:
    from pyspark.ml.feature import VectorAssembler

    parity.check(VectorAssembler(inputCols=["x"]), frame("x double", [(1.0,)]))
