"""The stages that come with the engine, one file each; importing this package registers them."""

from __future__ import annotations

from ..stage import Stage
from .count_vectorizer_model import CountVectorizerModel
from .feature_hasher import FeatureHasher
from .hashing_tf import HashingTF
from .idf_model import IDFModel
from .index_to_string import IndexToString
from .logistic_regression_model import LogisticRegressionModel
from .n_gram import NGram
from .pipeline_model import PipelineModelStage
from .random_forest_classification_model import RandomForestClassificationModel
from .regex_tokenizer import RegexTokenizer
from .standard_scaler_model import StandardScalerModel
from .stop_words_remover import StopWordsRemover
from .string_indexer_model import StringIndexerModel
from .tokenizer import Tokenizer
from .vector_assembler import VectorAssembler
from .word2_vec_model import Word2VecModel

BUILT_IN: tuple[type[Stage], ...] = (
    CountVectorizerModel,
    FeatureHasher,
    HashingTF,
    IDFModel,
    IndexToString,
    LogisticRegressionModel,
    NGram,
    PipelineModelStage,
    RandomForestClassificationModel,
    RegexTokenizer,
    StandardScalerModel,
    StopWordsRemover,
    StringIndexerModel,
    Tokenizer,
    VectorAssembler,
    Word2VecModel,
)
