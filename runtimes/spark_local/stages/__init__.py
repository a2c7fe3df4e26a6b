"""The stages that come with the engine, one file each; importing this package registers them."""

from __future__ import annotations

from ..stage import Stage
from .aft_survival_regression_model import AFTSurvivalRegressionModel
from .als_model import ALSModel
from .binarizer import Binarizer
from .bisecting_k_means_model import BisectingKMeansModel
from .bucketed_random_projection_lsh_model import BucketedRandomProjectionLSHModel
from .bucketizer import Bucketizer
from .chi_sq_selector_model import ChiSqSelectorModel
from .count_vectorizer_model import CountVectorizerModel
from .cross_validator_model import CrossValidatorModel
from .dct import DCT
from .decision_tree_classification_model import DecisionTreeClassificationModel
from .decision_tree_regression_model import DecisionTreeRegressionModel
from .distributed_lda_model import DistributedLDAModel
from .elementwise_product import ElementwiseProduct
from .feature_hasher import FeatureHasher
from .fm_classification_model import FMClassificationModel
from .fm_regression_model import FMRegressionModel
from .fp_growth_model import FPGrowthModel
from .gaussian_mixture_model import GaussianMixtureModel
from .gbt_classification_model import GBTClassificationModel
from .gbt_regression_model import GBTRegressionModel
from .generalized_linear_regression_model import GeneralizedLinearRegressionModel
from .hashing_tf import HashingTF
from .idf_model import IDFModel
from .imputer_model import ImputerModel
from .index_to_string import IndexToString
from .isotonic_regression_model import IsotonicRegressionModel
from .k_means_model import KMeansModel
from .linear_regression_model import LinearRegressionModel
from .linear_svc_model import LinearSVCModel
from .local_lda_model import LocalLDAModel
from .logistic_regression_model import LogisticRegressionModel
from .max_abs_scaler_model import MaxAbsScalerModel
from .min_hash_lsh_model import MinHashLSHModel
from .min_max_scaler_model import MinMaxScalerModel
from .multilayer_perceptron_classification_model import MultilayerPerceptronClassificationModel
from .n_gram import NGram
from .naive_bayes_model import NaiveBayesModel
from .normalizer import Normalizer
from .one_vs_rest_model import OneVsRestModel
from .pca_model import PCAModel
from .pipeline_model import PipelineModelStage
from .polynomial_expansion import PolynomialExpansion
from .random_forest_classification_model import RandomForestClassificationModel
from .random_forest_regression_model import RandomForestRegressionModel
from .regex_tokenizer import RegexTokenizer
from .robust_scaler_model import RobustScalerModel
from .standard_scaler_model import StandardScalerModel
from .stop_words_remover import StopWordsRemover
from .string_indexer_model import StringIndexerModel
from .tokenizer import Tokenizer
from .train_validation_split_model import TrainValidationSplitModel
from .univariate_feature_selector_model import UnivariateFeatureSelectorModel
from .variance_threshold_selector_model import VarianceThresholdSelectorModel
from .vector_assembler import VectorAssembler
from .vector_size_hint import VectorSizeHint
from .vector_slicer import VectorSlicer
from .word2_vec_model import Word2VecModel

BUILT_IN: tuple[type[Stage], ...] = (
    AFTSurvivalRegressionModel,
    ALSModel,
    Binarizer,
    BisectingKMeansModel,
    BucketedRandomProjectionLSHModel,
    Bucketizer,
    ChiSqSelectorModel,
    CountVectorizerModel,
    CrossValidatorModel,
    DCT,
    DecisionTreeClassificationModel,
    DecisionTreeRegressionModel,
    DistributedLDAModel,
    ElementwiseProduct,
    FMClassificationModel,
    FMRegressionModel,
    FPGrowthModel,
    FeatureHasher,
    GBTClassificationModel,
    GBTRegressionModel,
    GaussianMixtureModel,
    GeneralizedLinearRegressionModel,
    HashingTF,
    IDFModel,
    ImputerModel,
    IndexToString,
    IsotonicRegressionModel,
    KMeansModel,
    LinearRegressionModel,
    LinearSVCModel,
    LocalLDAModel,
    LogisticRegressionModel,
    MaxAbsScalerModel,
    MinHashLSHModel,
    MinMaxScalerModel,
    MultilayerPerceptronClassificationModel,
    NGram,
    NaiveBayesModel,
    Normalizer,
    OneVsRestModel,
    PCAModel,
    PipelineModelStage,
    PolynomialExpansion,
    RandomForestClassificationModel,
    RandomForestRegressionModel,
    RegexTokenizer,
    RobustScalerModel,
    StandardScalerModel,
    StopWordsRemover,
    StringIndexerModel,
    Tokenizer,
    TrainValidationSplitModel,
    UnivariateFeatureSelectorModel,
    VarianceThresholdSelectorModel,
    VectorAssembler,
    VectorSizeHint,
    VectorSlicer,
    Word2VecModel,
)
