"""The scikit runtime: a fitted estimator in `model.pkl` (joblib or pickle) or, with no code in it, `model.skops`."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import joblib

# What most estimators are made of. Imported with the first pickle, it would make that model wait.
import sklearn.compose
import sklearn.ensemble  # noqa: F401
from sklearn.exceptions import NotFittedError

from catenary.errors import InvalidInput, ModelBroken
from catenary.messages import Metadata
from runtimes.base.model import ColumnSchema, Row
from runtimes.scikit.matrix import Matrix, first_odd_column, matrix

log = logging.getLogger(__name__)

PICKLE_FILE = "model.pkl"
SKOPS_FILE = "model.skops"


class ScikitModel:
    """An estimator whose inputs are the columns of its matrix, in order."""

    schema: ClassVar[Mapping[str, ColumnSchema]] = {}
    drops_rows = False

    def __init__(self, metadata: Metadata, estimator: Any) -> None:
        """ModelBroken says where metadata and estimator do not fit."""
        _require_fitting_inputs(metadata, estimator)
        self.inputs = metadata.inputs
        self.outputs = metadata.outputs
        self._columns = [(output, _column(metadata, output, estimator)) for output in metadata.outputs]

    def predict(self, rows: list[Row]) -> list[Row]:
        x = matrix(rows, self.inputs)
        answer = [dict(row) for row in rows]
        # At load the estimator fitted the matrix's columns, and its type never changes: only the values are new in a
        # request. Estimators refuse them (NaN, an unseen category, a negative count, what float32 does not hold) by
        # ValueErrors that only their words tell apart, so every one of them is taken for the caller's.
        try:
            results = self._compute(x)
        except NotFittedError:
            raise
        except ValueError as error:
            raise self._refusal(x, error) from error
        for (name, _), result in zip(self._columns, results, strict=True):
            for row, value in zip(answer, _listed(result), strict=True):
                row[name] = value
        return answer

    def _compute(self, x: Matrix) -> list[Any]:
        return [compute(x) for _, compute in self._columns]

    def _refusal(self, x: Matrix, error: ValueError) -> InvalidInput:
        """`error`, with the first row that is refused by itself, and its column if the value tells.

        Asks the estimator again, for no more rows in all than it was asked for.
        """
        first, end = 0, len(x)
        while end - first > 1:
            middle = (first + end) // 2
            if self._refuses(x[first:middle]):
                end = middle
            else:
                first = middle
        if not self._refuses(x[first:end]):
            return InvalidInput(str(error))
        if (at := first_odd_column(x[first])) is None:
            return InvalidInput(f"row {first}: {error}", row=first)
        column = self.inputs[at]
        return InvalidInput(f"column {column!r} of row {first}: {error}", row=first, column=column)

    def _refuses(self, x: Matrix) -> bool:
        try:
            self._compute(x)
        except ValueError:
            return True
        return False


class ScikitRuntime:
    type = "scikit"

    def __init__(self) -> None:
        # Rows are put in the order of the metadata's inputs, so that names say nothing more.
        warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)

    def code_in(self, folder: Path) -> str | None:
        return None if (folder / SKOPS_FILE).exists() else f"the pickle {PICKLE_FILE}"

    def load(self, folder: Path, metadata: Metadata) -> ScikitModel:
        with warnings.catch_warnings(record=True) as raised:
            warnings.simplefilter("always")
            load = _load_skops if (folder / SKOPS_FILE).exists() else _load_pickle
            estimator = load(folder, metadata.name)
        for message in dict.fromkeys(str(warning.message) for warning in raised):
            log.warning("model %r: %s", metadata.name, message)
        return ScikitModel(metadata, estimator)


def _load_skops(folder: Path, model: str) -> Any:
    """The estimator in the safe format; a type that is not known to be safe is refused."""
    import skops.io  # Takes seconds, and pickles do not need it.

    path = folder / SKOPS_FILE
    try:
        untrusted = skops.io.get_untrusted_types(file=path)
        if untrusted:
            raise ModelBroken(model, f"{SKOPS_FILE} holds types that are not trusted: {', '.join(sorted(untrusted))}")
        return skops.io.load(path)
    except ModelBroken:
        raise
    except Exception as error:
        raise ModelBroken(model, f"{SKOPS_FILE} cannot be read: {type(error).__name__}: {error}") from error


def _load_pickle(folder: Path, model: str) -> Any:
    path = folder / PICKLE_FILE
    if not path.exists():
        raise ModelBroken(model, f"it has neither {PICKLE_FILE} nor {SKOPS_FILE}")
    try:
        return joblib.load(path)
    except ModuleNotFoundError as error:
        raise ModelBroken(model, f"{PICKLE_FILE} needs {error.name}, which is not installed") from error
    except Exception as error:
        raise ModelBroken(model, f"{PICKLE_FILE} cannot be read: {type(error).__name__}: {error}") from error


def _require_fitting_inputs(metadata: Metadata, estimator: Any) -> None:
    n_features = getattr(estimator, "n_features_in_", None)
    if n_features is not None and n_features != len(metadata.inputs):
        raise ModelBroken(
            metadata.name, f"it was fitted on {n_features} columns, its metadata names {len(metadata.inputs)} inputs"
        )
    fitted = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    if sorted(fitted) == sorted(metadata.inputs) and fitted != list(metadata.inputs):
        raise ModelBroken(
            metadata.name, f"its metadata names the inputs in another order than it was fitted on: {fitted}"
        )
    if twice := set(metadata.inputs) & set(metadata.outputs):
        raise ModelBroken(metadata.name, f"{sorted(twice)[0]!r} is both an input and an output")


# What computes an output, by its name; any other name is for what a transformer gives.
_METHODS = {"prediction": "predict", "probability": "predict_proba"}


def _column(metadata: Metadata, output: str, estimator: Any) -> Callable[[Matrix], Any]:
    method = _METHODS.get(output, "transform")
    compute = getattr(estimator, method, None)
    if not callable(compute):
        raise ModelBroken(
            metadata.name,
            f"its output {output!r} needs {method}(), which {type(estimator).__name__} does not have;"
            " outputs are 'prediction' (predict), 'probability' (predict_proba) or a name of your own (transform)",
        )
    others = [name for name in metadata.outputs if name not in _METHODS]
    if len(others) > 1:
        raise ModelBroken(metadata.name, f"only one output can be what transform() gives, not {' and '.join(others)}")
    function: Callable[[Matrix], Any] = compute
    return function


def _listed(result: Any) -> list[Any]:
    """One plain value or list a row, from what an estimator returned."""
    if isinstance(result, list):  # one array an output, where there are several
        return [list(parts) for parts in zip(*(part.tolist() for part in result), strict=True)]
    if hasattr(result, "toarray"):  # sparse
        result = result.toarray()
    listed: list[Any] = result.tolist()
    return listed
