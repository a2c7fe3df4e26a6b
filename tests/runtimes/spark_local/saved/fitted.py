"""One small model of each class that is served, and rows to hold it against Spark with: under any pyspark from 3.5.

Their parameters are those that show in what Spark saves: several columns, weights, thresholds, sparse coefficients,
models inside models. What changes the result only is for the parity tests. It is a list, as long as that of classes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Row = dict[str, Any]


class Data(NamedTuple):
    """Rows in plain values, and the types of their columns: `"features vector, label double"`."""

    columns: str
    rows: list[Row]


Frame = Callable[[str, list[Row]], Any]
"""Makes Spark's data frame of a `Data`."""


def models(frame: Frame) -> Iterator[tuple[str, Any, Data]]:
    """Name, fitted model and rows; the name is that of the class which the model is there for."""
    for data, fitted in (
        (TEXT, of_text),
        (NUMBERS, of_numbers),
        (NUMBERS, classifiers),
        (NUMBERS, regressors),
        (COUNTS, of_counts),
        (CELLS, of_cells),
        (BASKETS, baskets),
        (RATINGS, recommendation),
    ):
        for name, model in fitted(frame(*data)).items():
            yield name, model, data


def of_text(data: Any) -> dict[str, Any]:
    """Stages that take text or words."""
    from pyspark.ml.feature import (
        CountVectorizer,
        HashingTF,
        IndexToString,
        NGram,
        OneHotEncoder,
        RegexTokenizer,
        StopWordsRemover,
        StringIndexer,
        Tokenizer,
        Word2Vec,
    )

    words = {"inputCol": "words", "outputCol": "out"}
    indexer = StringIndexer(
        inputCols=["word", "other"], outputCols=["i", "j"], handleInvalid="keep", stringOrderType="alphabetDesc"
    ).fit(data)
    indexed = indexer.transform(data)
    return {
        "Tokenizer": Tokenizer(inputCol="text", outputCol="out"),
        "RegexTokenizer": RegexTokenizer(
            inputCol="text", outputCol="out", pattern="[a-zà-ÿ]+", gaps=False, minTokenLength=2, toLowercase=False
        ),
        "StopWordsRemover": StopWordsRemover(
            inputCols=["words", "more"], outputCols=["out", "rest"], stopWords=["the", "Ünder", "0"], locale="en_US"
        ),
        "NGram": NGram(n=3, **words),
        "HashingTF": HashingTF(numFeatures=50, binary=True, **words),
        "CountVectorizerModel": CountVectorizer(minTF=0.2, minDF=2.0, **words).fit(data),
        "Word2VecModel": Word2Vec(vectorSize=3, minCount=1, maxIter=1, seed=1, **words).fit(data),
        "StringIndexerModel": indexer,
        "OneHotEncoderModel": pipeline(
            indexer,
            OneHotEncoder(inputCols=["i", "j"], outputCols=["u", "v"], dropLast=False, handleInvalid="keep").fit(
                indexed
            ),
        ),
        "IndexToString": pipeline(
            indexer,
            IndexToString(inputCol="i", outputCol="of_column"),
            IndexToString(inputCol="j", outputCol="of_labels", labels=["x", "y", "z", "é", "?", "!"]),
        ),
    }


def of_numbers(data: Any) -> dict[str, Any]:
    """Stages that take vectors and make vectors or numbers."""
    from pyspark.ml.feature import (
        DCT,
        PCA,
        BucketedRandomProjectionLSH,
        ElementwiseProduct,
        MaxAbsScaler,
        MinMaxScaler,
        Normalizer,
        PolynomialExpansion,
        RobustScaler,
        StandardScaler,
        UnivariateFeatureSelector,
        VarianceThresholdSelector,
        VectorIndexer,
        VectorSizeHint,
        VectorSlicer,
    )
    from pyspark.ml.linalg import Vectors

    ways = {"inputCol": "features", "outputCol": "out"}
    features = {"featuresCol": "features", "outputCol": "out"}
    return {
        "DCT": DCT(inverse=True, inputCol="dense", outputCol="out"),
        "PCAModel": PCA(k=2, **ways).fit(data),
        "BucketedRandomProjectionLSHModel": BucketedRandomProjectionLSH(
            bucketLength=0.7, numHashTables=3, seed=1, **ways
        ).fit(data),
        "ElementwiseProduct": ElementwiseProduct(scalingVec=Vectors.sparse(4, {0: -2.5, 3: 1e-3}), **ways),
        "MaxAbsScalerModel": MaxAbsScaler(**ways).fit(data),
        "MinMaxScalerModel": MinMaxScaler(min=-1.0, max=3.0, **ways).fit(data),
        "Normalizer": Normalizer(p=float("inf"), **ways),
        "PolynomialExpansion": PolynomialExpansion(degree=3, **ways),
        "RobustScalerModel": RobustScaler(lower=0.1, upper=0.8, withCentering=True, **ways).fit(data),
        "StandardScalerModel": StandardScaler(withMean=True, **ways).fit(data),
        "UnivariateFeatureSelectorModel": UnivariateFeatureSelector(
            labelCol="label", selectionMode="percentile", **features
        )
        .setFeatureType("continuous")
        .setLabelType("categorical")
        .setSelectionThreshold(0.6)
        .fit(data),
        "VarianceThresholdSelectorModel": VarianceThresholdSelector(varianceThreshold=0.6, **features).fit(data),
        "VectorIndexerModel": VectorIndexer(maxCategories=4, handleInvalid="keep", **ways).fit(data),
        "VectorSizeHint": VectorSizeHint(inputCol="features", size=4, handleInvalid="skip"),
        "VectorSlicer": VectorSlicer(indices=[3, 0], **ways),
        **clusterings(data),
    }


def clusterings(data: Any) -> dict[str, Any]:
    from pyspark.ml.clustering import BisectingKMeans, GaussianMixture, KMeans

    return {
        "KMeansModel": KMeans(k=3, seed=1, maxIter=3, predictionCol="cluster").fit(data),
        "BisectingKMeansModel": BisectingKMeans(k=4, seed=1, maxIter=3).fit(data),
        "GaussianMixtureModel": GaussianMixture(k=2, seed=1, maxIter=3, probabilityCol="shares").fit(data),
    }


def classifiers(data: Any) -> dict[str, Any]:
    from pyspark.ml.classification import (
        DecisionTreeClassifier,
        FMClassifier,
        GBTClassifier,
        LinearSVC,
        LogisticRegression,
        MultilayerPerceptronClassifier,
        NaiveBayes,
        OneVsRest,
        RandomForestClassifier,
    )
    from pyspark.ml.evaluation import MulticlassClassificationEvaluator
    from pyspark.ml.feature import StandardScaler, VectorIndexer
    from pyspark.ml.tuning import CrossValidator, ParamGridBuilder, TrainValidationSplit

    two = {"labelCol": "half"}
    indexer = VectorIndexer(inputCol="features", outputCol="indexed", maxCategories=4).fit(data)
    indexed = indexer.transform(data)
    categorical = {"featuresCol": "indexed", "maxDepth": 3, "seed": 1}
    # An L1 penalty leaves few coefficients, so that the matrix is saved sparse
    few = LogisticRegression(elasticNetParam=1.0, regParam=0.08, maxIter=20, thresholds=[0.4, 0.3, 0.3])
    scaler = StandardScaler(inputCol="features", outputCol="scaled")
    binary = LogisticRegression(featuresCol="scaled", maxIter=5, **two)
    grid = ParamGridBuilder().addGrid(binary.regParam, [0.1, 10.0]).build()
    tuned = {"estimatorParamMaps": grid, "evaluator": MulticlassClassificationEvaluator(**two), "seed": 1}
    return {
        "LogisticRegressionModel": pipeline(few.fit(data), renamed(LogisticRegression(threshold=0.3, **two).fit(data))),
        "LinearSVCModel": LinearSVC(maxIter=5, threshold=0.2, **two).fit(data),
        "DecisionTreeClassificationModel": pipeline(
            indexer, DecisionTreeClassifier(leafCol="leaf", **categorical).fit(indexed)
        ),
        "RandomForestClassificationModel": pipeline(
            indexer,
            RandomForestClassifier(numTrees=4, leafCol="leaf", **categorical)
            .setThresholds([0.5, 0.2, 0.3])
            .fit(indexed),
        ),
        "GBTClassificationModel": pipeline(
            indexer, GBTClassifier(maxIter=4, stepSize=0.3, leafCol="leaf", **categorical, **two).fit(indexed)
        ),
        "NaiveBayesModel": NaiveBayes(modelType="gaussian").fit(data),
        "MultilayerPerceptronClassificationModel": MultilayerPerceptronClassifier(
            layers=[4, 3, 3], maxIter=5, seed=1
        ).fit(data),
        "OneVsRestModel": OneVsRest(classifier=LogisticRegression(maxIter=3)).fit(data),
        "FMClassificationModel": FMClassifier(factorSize=2, maxIter=5, seed=1, **two).fit(data),
        "CrossValidatorModel": CrossValidator(estimator=pipeline_of(scaler, binary), numFolds=2, **tuned).fit(data),
        "TrainValidationSplitModel": TrainValidationSplit(
            estimator=binary.copy({binary.featuresCol: "features"}), **tuned
        ).fit(data),
        "PipelineModel": pipeline(
            scaler.fit(data),
            pipeline(LogisticRegression(featuresCol="scaled", maxIter=3).fit(scaler.fit(data).transform(data))),
        ),
    }


def regressors(data: Any) -> dict[str, Any]:
    from pyspark.ml.regression import (
        AFTSurvivalRegression,
        DecisionTreeRegressor,
        FMRegressor,
        GBTRegressor,
        GeneralizedLinearRegression,
        IsotonicRegression,
        LinearRegression,
        RandomForestRegressor,
    )

    amount = {"labelCol": "amount"}
    trees = {"maxDepth": 3, "seed": 1, "leafCol": "leaf", **amount}
    return {
        "AFTSurvivalRegressionModel": AFTSurvivalRegression(
            censorCol="half", quantileProbabilities=[0.1, 0.5], quantilesCol="quantiles", maxIter=5, **amount
        ).fit(data),
        "DecisionTreeRegressionModel": DecisionTreeRegressor(varianceCol="variance", **trees).fit(data),
        "RandomForestRegressionModel": RandomForestRegressor(numTrees=3, **trees).fit(data),
        "GBTRegressionModel": GBTRegressor(maxIter=3, stepSize=0.3, **trees).fit(data),
        "FMRegressionModel": FMRegressor(factorSize=2, maxIter=5, seed=1, fitIntercept=False, **amount).fit(data),
        "GeneralizedLinearRegressionModel": GeneralizedLinearRegression(
            family="poisson", link="log", linkPredictionCol="eta", maxIter=5, **amount
        ).fit(data),
        "IsotonicRegressionModel": IsotonicRegression(isotonic=False, featureIndex=1, **amount).fit(data),
        "LinearRegressionModel": pipeline(
            LinearRegression(elasticNetParam=1.0, regParam=0.5, predictionCol="few", **amount).fit(data),
            LinearRegression(loss="huber", maxIter=5, **amount).fit(data),
        ),
    }


def of_counts(data: Any) -> dict[str, Any]:
    """Stages that take counts, or zeros and ones."""
    from pyspark.ml.clustering import LDA
    from pyspark.ml.feature import IDF, ChiSqSelector, MinHashLSH

    ways = {"inputCol": "features", "outputCol": "out"}
    return {
        "IDFModel": IDF(minDocFreq=3, **ways).fit(data),
        "ChiSqSelectorModel": ChiSqSelector(
            selectorType="percentile", percentile=0.5, featuresCol="features", outputCol="out"
        ).fit(data),
        "MinHashLSHModel": MinHashLSH(numHashTables=3, seed=1, **ways).fit(data),
        "LocalLDAModel": LDA(k=3, maxIter=2, seed=1, topicDistributionCol="topics").fit(data),
        "DistributedLDAModel": LDA(k=3, maxIter=2, seed=1, optimizer="em").fit(data),
    }


def of_cells(data: Any) -> dict[str, Any]:
    """Stages that take columns of many types."""
    from pyspark.ml.feature import (
        Binarizer,
        Bucketizer,
        FeatureHasher,
        Imputer,
        Interaction,
        RFormula,
        SQLTransformer,
        StringIndexer,
        VectorAssembler,
    )

    inf = float("inf")
    indexer = StringIndexer(inputCol="s", outputCol="i").fit(data)
    found = {
        "Binarizer": Binarizer(inputCols=["x", "y"], outputCols=["p", "q"], thresholds=[0.5, -1.0]),
        "Bucketizer": Bucketizer(
            inputCols=["x", "y"],
            outputCols=["p", "q"],
            splitsArray=[[-inf, 0.0, 1.0, inf], [-9.0, 0.5, 9.0]],
            handleInvalid="keep",
        ),
        "FeatureHasher": FeatureHasher(
            inputCols=["x", "n", "s", "b"], outputCol="out", numFeatures=100, categoricalCols=["n"]
        ),
        "ImputerModel": Imputer(inputCols=["x", "y"], outputCols=["p", "q"], strategy="median", missingValue=-1.5).fit(
            data
        ),
        "Interaction": pipeline(
            indexer,
            VectorAssembler(inputCols=["n", "y"], outputCol="v"),
            Interaction(inputCols=["i", "v", "n"], outputCol="out"),
        ),
        "RFormulaModel": RFormula(formula="y ~ s + n + s:t + b", featuresCol="f", labelCol="l").fit(data),
        "SQLTransformer": SQLTransformer(
            statement="SELECT *, IF(n = 1, 0, 1), n BETWEEN 1 AND 2, 2 / n AS half, CONCAT(s, t) AS st FROM __THIS__ "
            "WHERE x > 0"
        ),
        "VectorAssembler": VectorAssembler(inputCols=["n", "x", "b", "y", "z"], outputCol="out", handleInvalid="keep"),
    }
    try:
        from pyspark.ml.feature import TargetEncoder  # 4.0 and later
    except ImportError:
        return found
    encoder = TargetEncoder(inputCols=["n"], outputCols=["out"], labelCol="y", targetType="continuous")
    return found | {"TargetEncoderModel": encoder.fit(data)}


def baskets(data: Any) -> dict[str, Any]:
    from pyspark.ml.fpm import FPGrowth

    return {"FPGrowthModel": FPGrowth(minSupport=0.2, minConfidence=0.5).fit(data)}


def recommendation(data: Any) -> dict[str, Any]:
    from pyspark.ml.recommendation import ALS

    return {"ALSModel": ALS(rank=3, maxIter=2, seed=1, coldStartStrategy="drop", itemCol="item").fit(data)}


def pipeline(*stages: Any) -> Any:
    from pyspark.ml import PipelineModel

    return PipelineModel(list(stages))


def pipeline_of(*stages: Any) -> Any:
    from pyspark.ml import Pipeline

    return Pipeline(stages=list(stages))


def renamed(classifier: Any) -> Any:
    """The same with other outputs, for one pipeline of two."""
    names = ("rawPredictionCol", "probabilityCol", "predictionCol")
    return classifier.copy({classifier.getParam(name): f"{name}2" for name in names})


def _texts() -> list[Row]:
    lines = ["The quick  brown fox", "naïve Ünder the Straße", "", "the the the 0 0 a", " a b c d ", "日本 語 fox fox"]
    rows = [
        {"text": line, "words": line.split(), "more": ["THE", line], "word": word, "other": other}
        for line in lines
        for word, other in (("a", "y"), ("é", "x"), ("a", "z"))
    ]
    return [*rows, {"text": "x", "words": ["x", "The"], "more": [], "word": "b", "other": "y"}]


def _numbers() -> list[Row]:
    random = np.random.default_rng(3)
    rows = []
    for n in range(24):
        dense = [*random.normal(size=2).round(2).tolist(), float(n % 5 == 0) * 2.5, float(n % 3)]
        places = [place for place, number in enumerate(dense) if number]
        sparse = {"size": 4, "indices": places, "values": [dense[place] for place in places]}
        label = float((dense[0] > 0.3) + (dense[3] == 2.0))
        amount = round(abs(3.0 * dense[0] - dense[1]) + dense[3] + 0.5, 2)
        row = {"features": sparse if n % 2 else dense, "dense": dense, "label": label, "half": float(label > 0)}
        rows.append(row | {"amount": amount})
    return rows


def _counts() -> list[Row]:
    counts = np.random.default_rng(12).poisson(1.0, size=(14, 6)).astype(float).tolist()
    dense = [[*row[:5], 1.0] for row in counts]
    return [
        {
            "features": row
            if n % 2
            else {"size": 6, "indices": [at for at in range(6) if row[at]], "values": [v for v in row if v]},
            "label": float(row[0] > 0),
        }
        for n, row in enumerate(dense)
    ]


def _cells() -> list[Row]:
    inf, nan = float("inf"), float("nan")
    xs = [0.5, -0.0, nan, inf, -1.5, 1.0, 2.25]
    return [
        {"x": x, "y": n / 4 - 1.5, "n": n % 4, "s": "abc"[n % 3], "t": ("u", "é")[n % 2], "b": n % 5 == 0, "z": 0.0}
        for n, x in zip(range(20), xs * 3, strict=False)
    ]


def _baskets() -> list[Row]:
    return [{"items": list(items)} for items in ("abc", "abd", "acd", "ab", "bc", "abcd", "e", "ae", "", "d")]


def _ratings() -> list[Row]:
    pairs = [(user, item) for user in (1, 2, 3, 5) for item in (-1, 4, 7)]
    return [{"user": user, "item": item, "rating": user * item / 3} for user, item in pairs]


TEXT = Data("text string, words array<string>, more array<string>, word string, other string", _texts())
NUMBERS = Data("features vector, dense vector, label double, half double, amount double", _numbers())
COUNTS = Data("features vector, label double", _counts())
CELLS = Data("x double, y double, n long, s string, t string, b boolean, z double", _cells())
BASKETS = Data("items array<string>", _baskets())
RATINGS = Data("user integer, item integer, rating double", _ratings())
