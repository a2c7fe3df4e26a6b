"""Which of Spark ML's fitted classes other scorers read, by their own documentation and source.

- spark-ml-serving 0.2.1 (Spark 2.0 to 2.2; github.com/Hydrospheredata/spark-ml-serving): `SUPPORTED_MODELS.MD`.
- MLeap 0.23.3 (github.com/combust/mleap): the operations of `mleap-spark`, `org.apache.spark.ml.bundle.ops`.
- onnxmltools (github.com/onnx/onnxmltools, main at 1c5afe0): the converters that are registered in
  `onnxmltools/convert/sparkml/operator_converters`; `ops_names.py` names more classes than are converted.
- JPMML-SparkML 3.1 (github.com/jpmml/jpmml-sparkml): `features.md` and `META-INF/sparkml2pmml.properties`.

A class that is read may still be scored in part, or in fewer digits: only what each claims is noted here.
"""

from __future__ import annotations


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ALL_OF_THEM = _names(
    "PipelineModel Binarizer ChiSqSelectorModel CountVectorizerModel ImputerModel IndexToString MaxAbsScalerModel"
    " MinMaxScalerModel NGram PCAModel StandardScalerModel StopWordsRemover StringIndexerModel Tokenizer"
    " VectorAssembler VectorIndexerModel DecisionTreeClassificationModel GBTClassificationModel LinearSVCModel"
    " LogisticRegressionModel MultilayerPerceptronClassificationModel NaiveBayesModel RandomForestClassificationModel"
    " KMeansModel DecisionTreeRegressionModel GBTRegressionModel LinearRegressionModel"
    " RandomForestRegressionModel"
)

SCORERS: dict[str, frozenset[str]] = {
    "spark-ml-serving": _ALL_OF_THEM
    | _names(
        "DCT HashingTF IDFModel Normalizer OneHotEncoder PolynomialExpansion RegexTokenizer Word2VecModel"
        " GaussianMixtureModel LocalLDAModel"
    ),
    "MLeap": _ALL_OF_THEM
    | _names(
        "BucketedRandomProjectionLSHModel Bucketizer DCT ElementwiseProduct FeatureHasher HashingTF IDFModel"
        " Interaction MinHashLSHModel Normalizer OneHotEncoderModel PolynomialExpansion RegexTokenizer VectorSlicer"
        " Word2VecModel OneVsRestModel BisectingKMeansModel GaussianMixtureModel LocalLDAModel ALSModel"
        " AFTSurvivalRegressionModel GeneralizedLinearRegressionModel IsotonicRegressionModel CrossValidatorModel"
        " TrainValidationSplitModel"
    ),
    "onnxmltools": _ALL_OF_THEM
    | _names(
        "BucketedRandomProjectionLSHModel Bucketizer DCT ElementwiseProduct MinHashLSHModel Normalizer"
        " OneHotEncoderModel PolynomialExpansion VectorSlicer Word2VecModel OneVsRestModel"
        " AFTSurvivalRegressionModel GeneralizedLinearRegressionModel"
    ),
    "JPMML-SparkML": _ALL_OF_THEM
    | _names(
        "Bucketizer ColumnPruner IDFModel Interaction OneHotEncoderModel RegexTokenizer RFormulaModel SQLTransformer"
        " VectorAttributeRewriter VectorSizeHint VectorSlicer FPGrowthModel GeneralizedLinearRegressionModel"
        " IsotonicRegressionModel CrossValidatorModel TrainValidationSplitModel"
    ),
}
"""By the scorer's name, the simple names of the classes that Spark saves."""
