"""The stages that come with the engine, one file each; importing this package registers them."""

from __future__ import annotations

from ..stage import Stage
from .binarizer import Binarizer
from .bisecting_k_means_model import BisectingKMeansModel
from .bucketed_random_projection_lsh_model import BucketedRandomProjectionLSHModel
from .bucketizer import Bucketizer
from .chi_sq_selector_model import ChiSqSelectorModel
from .column_pruner import ColumnPruner
from .dct import DCT
from .distributed_lda_model import DistributedLDAModel
from .elementwise_product import ElementwiseProduct
from .gaussian_mixture_model import GaussianMixtureModel
from .imputer_model import ImputerModel
from .index_to_string import IndexToString
from .interaction import Interaction
from .k_means_model import KMeansModel
from .local_lda_model import LocalLDAModel
from .max_abs_scaler_model import MaxAbsScalerModel
from .min_hash_lsh_model import MinHashLSHModel
from .min_max_scaler_model import MinMaxScalerModel
from .normalizer import Normalizer
from .one_hot_encoder import OneHotEncoder
from .one_hot_encoder_model import OneHotEncoderModel
from .pca_model import PCAModel
from .pipeline_model import PipelineModelStage
from .polynomial_expansion import PolynomialExpansion
from .r_formula_model import RFormulaModel
from .random_forest_classification_model import RandomForestClassificationModel
from .robust_scaler_model import RobustScalerModel
from .sql_transformer import SQLTransformer
from .standard_scaler_model import StandardScalerModel
from .string_indexer_model import StringIndexerModel
from .target_encoder_model import TargetEncoderModel
from .univariate_feature_selector_model import UnivariateFeatureSelectorModel
from .variance_threshold_selector_model import VarianceThresholdSelectorModel
from .vector_assembler import VectorAssembler
from .vector_attribute_rewriter import VectorAttributeRewriter
from .vector_indexer_model import VectorIndexerModel
from .vector_size_hint import VectorSizeHint
from .vector_slicer import VectorSlicer

BUILT_IN: tuple[type[Stage], ...] = (
    Binarizer,
    BisectingKMeansModel,
    BucketedRandomProjectionLSHModel,
    Bucketizer,
    ChiSqSelectorModel,
    ColumnPruner,
    DCT,
    DistributedLDAModel,
    ElementwiseProduct,
    GaussianMixtureModel,
    ImputerModel,
    IndexToString,
    Interaction,
    KMeansModel,
    LocalLDAModel,
    MaxAbsScalerModel,
    MinHashLSHModel,
    MinMaxScalerModel,
    Normalizer,
    OneHotEncoder,
    OneHotEncoderModel,
    PCAModel,
    PipelineModelStage,
    PolynomialExpansion,
    RFormulaModel,
    RandomForestClassificationModel,
    RobustScalerModel,
    SQLTransformer,
    StandardScalerModel,
    StringIndexerModel,
    TargetEncoderModel,
    UnivariateFeatureSelectorModel,
    VarianceThresholdSelectorModel,
    VectorAssembler,
    VectorAttributeRewriter,
    VectorIndexerModel,
    VectorSizeHint,
    VectorSlicer,
)
