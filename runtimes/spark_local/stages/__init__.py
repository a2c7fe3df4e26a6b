"""The stages that come with the engine, one file each; importing this package registers them."""

from __future__ import annotations

from ..stage import Stage
from .binarizer import Binarizer
from .bisecting_k_means_model import BisectingKMeansModel
from .bucketed_random_projection_lsh_model import BucketedRandomProjectionLSHModel
from .bucketizer import Bucketizer
from .chi_sq_selector_model import ChiSqSelectorModel
from .count_vectorizer_model import CountVectorizerModel
from .dct import DCT
from .distributed_lda_model import DistributedLDAModel
from .elementwise_product import ElementwiseProduct
from .feature_hasher import FeatureHasher
from .gaussian_mixture_model import GaussianMixtureModel
from .hashing_tf import HashingTF
from .idf_model import IDFModel
from .imputer_model import ImputerModel
from .index_to_string import IndexToString
from .k_means_model import KMeansModel
from .local_lda_model import LocalLDAModel
from .logistic_regression_model import LogisticRegressionModel
from .max_abs_scaler_model import MaxAbsScalerModel
from .min_hash_lsh_model import MinHashLSHModel
from .min_max_scaler_model import MinMaxScalerModel
from .n_gram import NGram
from .normalizer import Normalizer
from .pca_model import PCAModel
from .pipeline_model import PipelineModelStage
from .polynomial_expansion import PolynomialExpansion
from .random_forest_classification_model import RandomForestClassificationModel
from .regex_tokenizer import RegexTokenizer
from .robust_scaler_model import RobustScalerModel
from .standard_scaler_model import StandardScalerModel
from .stop_words_remover import StopWordsRemover
from .string_indexer_model import StringIndexerModel
from .tokenizer import Tokenizer
from .univariate_feature_selector_model import UnivariateFeatureSelectorModel
from .variance_threshold_selector_model import VarianceThresholdSelectorModel
from .vector_assembler import VectorAssembler
from .vector_size_hint import VectorSizeHint
from .vector_slicer import VectorSlicer
from .word2_vec_model import Word2VecModel

BUILT_IN: tuple[type[Stage], ...] = (
    Binarizer,
    BisectingKMeansModel,
    BucketedRandomProjectionLSHModel,
    Bucketizer,
    ChiSqSelectorModel,
    CountVectorizerModel,
    DCT,
    DistributedLDAModel,
    ElementwiseProduct,
    FeatureHasher,
    GaussianMixtureModel,
    HashingTF,
    IDFModel,
    ImputerModel,
    IndexToString,
    KMeansModel,
    LocalLDAModel,
    LogisticRegressionModel,
    MaxAbsScalerModel,
    MinHashLSHModel,
    MinMaxScalerModel,
    NGram,
    Normalizer,
    PCAModel,
    PipelineModelStage,
    PolynomialExpansion,
    RandomForestClassificationModel,
    RegexTokenizer,
    RobustScalerModel,
    StandardScalerModel,
    StopWordsRemover,
    StringIndexerModel,
    Tokenizer,
    UnivariateFeatureSelectorModel,
    VarianceThresholdSelectorModel,
    VectorAssembler,
    VectorSizeHint,
    VectorSlicer,
    Word2VecModel,
)
