"""The stages that come with the engine, one file each; importing this package registers them."""

from __future__ import annotations

from ..stage import Stage
from .aft_survival_regression_model import AFTSurvivalRegressionModel
from .als_model import ALSModel
from .cross_validator_model import CrossValidatorModel
from .decision_tree_classification_model import DecisionTreeClassificationModel
from .decision_tree_regression_model import DecisionTreeRegressionModel
from .fm_classification_model import FMClassificationModel
from .fm_regression_model import FMRegressionModel
from .fp_growth_model import FPGrowthModel
from .gbt_classification_model import GBTClassificationModel
from .gbt_regression_model import GBTRegressionModel
from .generalized_linear_regression_model import GeneralizedLinearRegressionModel
from .index_to_string import IndexToString
from .isotonic_regression_model import IsotonicRegressionModel
from .linear_regression_model import LinearRegressionModel
from .linear_svc_model import LinearSVCModel
from .multilayer_perceptron_classification_model import MultilayerPerceptronClassificationModel
from .naive_bayes_model import NaiveBayesModel
from .pipeline_model import PipelineModelStage
from .random_forest_classification_model import RandomForestClassificationModel
from .random_forest_regression_model import RandomForestRegressionModel
from .standard_scaler_model import StandardScalerModel
from .string_indexer_model import StringIndexerModel
from .train_validation_split_model import TrainValidationSplitModel
from .vector_assembler import VectorAssembler

BUILT_IN: tuple[type[Stage], ...] = (
    AFTSurvivalRegressionModel,
    ALSModel,
    CrossValidatorModel,
    DecisionTreeClassificationModel,
    DecisionTreeRegressionModel,
    FMClassificationModel,
    FMRegressionModel,
    FPGrowthModel,
    GBTClassificationModel,
    GBTRegressionModel,
    GeneralizedLinearRegressionModel,
    IndexToString,
    IsotonicRegressionModel,
    LinearRegressionModel,
    LinearSVCModel,
    MultilayerPerceptronClassificationModel,
    NaiveBayesModel,
    PipelineModelStage,
    RandomForestClassificationModel,
    RandomForestRegressionModel,
    StandardScalerModel,
    StringIndexerModel,
    TrainValidationSplitModel,
    VectorAssembler,
)
