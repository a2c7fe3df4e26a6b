from __future__ import annotations

import json
import logging
import math
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.base import BaseEstimator
from sklearn.cluster import DBSCAN, KMeans
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from catenary.errors import InvalidInput, ModelBroken
from catenary.messages import Metadata
from runtimes.base.rows import encode
from runtimes.scikit.runtime import ScikitModel, ScikitRuntime

X = np.array([[0.0, 1.0], [1.0, 0.0], [2.0, 3.0], [3.0, 2.0], [4.0, 5.0], [5.0, 4.0]])
TEXTS = np.array(["no", "no", "no", "yes", "yes", "yes"])
ROWS = [{"a": 0.5, "b": 1, "id": "first"}, {"a": 4.5, "b": 4, "id": None}]


def metadata(*outputs: str, inputs: tuple[str, ...] = ("a", "b")) -> Metadata:
    return Metadata(name="m", runtime="scikit", inputs=inputs, outputs=outputs, version="1", files=())


def model(estimator: BaseEstimator, *outputs: str, inputs: tuple[str, ...] = ("a", "b")) -> ScikitModel:
    return ScikitModel(metadata(*outputs, inputs=inputs), estimator)


@pytest.fixture
def classifier():
    return make_pipeline(StandardScaler(), LogisticRegression()).fit(X, TEXTS)


def test_a_classifier_adds_prediction_and_probability(classifier):
    answer = model(classifier, "prediction", "probability").predict(ROWS)
    matrix = np.array([[0.5, 1], [4.5, 4]])
    assert answer == [
        row | {"prediction": prediction, "probability": probability}
        for row, prediction, probability in zip(
            ROWS, ["no", "yes"], classifier.predict_proba(matrix).tolist(), strict=True
        )
    ]
    assert {type(value) for value in answer[0]["probability"]} == {float}
    assert json.loads(encode(answer)) == answer


def test_the_callers_rows_stay_as_they_are(classifier):
    rows = [dict(row) for row in ROWS]
    model(classifier, "prediction").predict(rows)
    assert rows == ROWS


def test_the_columns_of_the_matrix_are_the_inputs_in_their_order():
    regression = LinearRegression().fit(X, X @ [10, 1])
    assert model(regression, "prediction").predict([{"b": 1, "a": 2}])[0]["prediction"] == pytest.approx(21)
    swapped = model(regression, "prediction", inputs=("b", "a"))
    assert swapped.predict([{"b": 1, "a": 2}])[0]["prediction"] == pytest.approx(12)


def test_a_class_that_is_a_number_stays_one():
    forest = RandomForestClassifier(3, random_state=0).fit(X, np.array([0, 0, 0, 7, 7, 7]))
    prediction = model(forest, "prediction").predict(ROWS)[1]["prediction"]
    assert (prediction, type(prediction)) == (7, int)


def test_a_clustering_has_predictions_and_distances_and_a_transformer_its_result():
    answer = model(KMeans(2, n_init=1, random_state=0).fit(X), "prediction", "distances").predict(ROWS)
    assert len(answer[0]["distances"]) == 2
    scaler = StandardScaler().fit(X)
    assert model(scaler, "scaled").predict(ROWS)[0]["scaled"] == scaler.transform([[0.5, 1]])[0].tolist()
    sparse = OneHotEncoder(handle_unknown="ignore").fit(X[:, :1])
    assert model(sparse, "hot", inputs=("a",)).predict([{"a": 1.0}])[0]["hot"] == [0, 1, 0, 0, 0, 0]


def test_several_outputs_of_a_classifier_are_lists():
    forest = RandomForestClassifier(3, random_state=0).fit(X, np.column_stack([TEXTS, TEXTS[::-1]]))
    answer = model(forest, "prediction", "probability").predict(ROWS)
    assert answer[0]["prediction"] == ["no", "yes"]
    assert [len(part) for part in answer[0]["probability"]] == [2, 2]


def test_spelled_numbers_reach_the_estimator():
    boosted = HistGradientBoostingRegressor(max_iter=2, min_samples_leaf=1).fit(X, X[:, 0])
    rows = [{"a": "NaN", "b": "-Infinity"}, {"a": "Infinity", "b": True}]
    answer = model(boosted, "prediction").predict(rows)
    expected = boosted.predict([[math.nan, -math.inf], [math.inf, 1.0]])
    assert [row["prediction"] for row in answer] == expected.tolist()
    assert answer[0]["a"] == "NaN"


@pytest.mark.parametrize("value", [None, "text", "1", [1], {"a": 1}])
def test_what_is_no_number_is_refused_with_row_and_column(classifier, value):
    with pytest.raises(InvalidInput, match="column 'b' of row 1 must be a number, not ") as caught:
        model(classifier, "prediction").predict([{"a": 1, "b": 2}, {"a": 1, "b": value}])
    assert (caught.value.row, caught.value.column) == (1, "b")


def test_an_estimator_that_takes_no_nan_refuses_it_with_row_and_column(classifier):
    with pytest.raises(InvalidInput, match="NaN") as caught:
        model(classifier, "prediction").predict([{"a": 1, "b": 2}, {"a": 1, "b": "NaN"}])
    assert (caught.value.row, caught.value.column) == (1, "b")


@pytest.mark.filterwarnings("ignore:overflow encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("refused", [0, 1, 2, 6, 7])
def test_a_number_too_large_for_a_forest_is_refused_with_row_and_column(refused):
    rows = [{"a": 1, "b": 2} for _ in range(8)]
    rows[refused] = {"a": "NaN", "b": 1e300}
    with pytest.raises(InvalidInput, match=f"column 'b' of row {refused}: .*too large for dtype.'float32'") as caught:
        model(RandomForestClassifier(2, random_state=0).fit(X, TEXTS), "prediction").predict(rows)
    assert (caught.value.row, caught.value.column) == (refused, "b")


def test_an_unseen_category_is_refused_with_its_row():
    encoder = OneHotEncoder().fit(X)
    with pytest.raises(InvalidInput, match=r"row 1: Found unknown categories .*7") as caught:
        model(encoder, "hot").predict([{"a": 1, "b": 2}, {"a": 7, "b": 2}, {"a": 8, "b": 2}])
    assert (caught.value.row, caught.value.column) == (1, None)


class AllOrNothing(BaseEstimator):
    """Refuses two rows, but neither by itself."""

    def predict(self, x):
        if len(x) > 1:
            raise ValueError("one row at a time")
        return x[:, 0]


def test_rows_that_are_refused_only_together_are_refused_without_a_row():
    with pytest.raises(InvalidInput, match=r"^one row at a time$") as caught:
        model(AllOrNothing(), "prediction").predict(ROWS)
    assert caught.value.row is None


def test_an_estimator_that_was_never_fitted_is_not_the_callers_fault():
    with pytest.raises(NotFittedError):
        model(LinearRegression(), "prediction").predict(ROWS)


def test_scikit_learn_is_there_before_the_first_model():
    code = "import sys, runtimes.scikit.runtime; raise SystemExit('sklearn.ensemble._forest' not in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("estimator", "outputs", "inputs", "reason"),
    [
        (LinearRegression().fit(X, X), ("prediction",), ("a",), "fitted on 2 columns, its metadata names 1 inputs"),
        (LinearRegression().fit(X, X), ("probability",), ("a", "b"), "needs predict_proba(), which LinearRegression"),
        (LinearRegression().fit(X, X), ("scores",), ("a", "b"), "needs transform(), which LinearRegression"),
        (DBSCAN().fit(X), ("prediction",), ("a", "b"), "needs predict(), which DBSCAN does not have"),
        (StandardScaler().fit(X), ("one", "two"), ("a", "b"), "not one and two"),
        (StandardScaler().fit(X), ("a",), ("a", "b"), "'a' is both an input and an output"),
        ({"weights": 1}, ("prediction",), ("a", "b"), "needs predict(), which dict"),
    ],
)
def test_metadata_that_do_not_fit_the_estimator_are_told_at_load(estimator, outputs, inputs, reason):
    with pytest.raises(ModelBroken) as caught:
        model(estimator, *outputs, inputs=inputs)
    assert reason in caught.value.reason


def test_an_estimator_fitted_on_names_needs_them_in_order():
    fitted = LinearRegression().fit(X, X[:, 0])
    fitted.feature_names_in_ = np.array(["a", "b"], object)  # as fitting on a frame does
    ScikitRuntime()
    assert model(fitted, "prediction").predict([{"a": 3, "b": 4}])[0]["prediction"] == pytest.approx(3)
    with pytest.raises(ModelBroken, match="another order"):
        model(fitted, "prediction", inputs=("b", "a"))


@pytest.mark.parametrize("write", [joblib.dump, lambda value, file: file.write_bytes(pickle.dumps(value))])
def test_joblib_and_pickle_files_are_loaded_and_count_as_code(tmp_path, classifier, write):
    write(classifier, tmp_path / "model.pkl")
    runtime = ScikitRuntime()
    assert runtime.code_in(tmp_path) == "the pickle model.pkl"
    assert runtime.load(tmp_path, metadata("prediction")).predict(ROWS)[1]["prediction"] == "yes"


def test_a_skops_file_is_loaded_and_counts_as_data(tmp_path, classifier):
    skops.io.dump(classifier, tmp_path / "model.skops")
    runtime = ScikitRuntime()
    assert runtime.code_in(tmp_path) is None
    assert runtime.load(tmp_path, metadata("prediction")).predict(ROWS)[1]["prediction"] == "yes"


class Unknown(BaseEstimator):
    def predict(self, x):
        return x[:, 0]


def test_a_skops_file_with_a_type_that_is_not_trusted_is_refused_by_its_name(tmp_path):
    skops.io.dump(Unknown(), tmp_path / "model.skops")
    with pytest.raises(ModelBroken, match=r"not trusted: .*Unknown"):
        ScikitRuntime().load(tmp_path, metadata("prediction"))


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("model.pkl", b"\x80\x05garbage", "model.pkl cannot be read: "),
        ("model.pkl", b"cabsent_package\nThing\n.", "model.pkl needs absent_package, which is not installed"),
        ("model.skops", b"not a zip", "model.skops cannot be read: "),
        ("other", b"", "it has neither model.pkl nor model.skops"),
    ],
)
def test_a_file_that_cannot_be_read_is_told(tmp_path, name, content, reason):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ModelBroken) as caught:
        ScikitRuntime().load(tmp_path, metadata("prediction"))
    assert reason in caught.value.reason


def test_an_estimator_of_another_scikit_learn_is_loaded_with_a_warning(tmp_path, classifier, caplog):
    state = classifier.steps[0][1].__getstate__()
    joblib.dump(classifier, tmp_path / "model.pkl")
    old = (tmp_path / "model.pkl").read_bytes()
    version = state["_sklearn_version"].encode()
    (tmp_path / "model.pkl").write_bytes(old.replace(version, b"0" * len(version)))
    with caplog.at_level(logging.WARNING):
        ScikitRuntime().load(tmp_path, metadata("prediction"))
    assert any("StandardScaler" in record.message for record in caplog.records)


async def test_a_model_is_served_from_the_repository(shop, run_runtime, tmp_path, classifier):
    joblib.dump(classifier, tmp_path / "model.pkl")
    files = {"model": "m", "inputs": ["a", "b"], "outputs": ["prediction", "probability"]}
    shop.put("scikit/m", {"metadata.json": json.dumps(files), "model.pkl": (tmp_path / "model.pkl").read_bytes()})
    async with run_runtime(ScikitRuntime(), shop) as client:
        await client.model("m", state="ready")
        status, rows = await client.post("m", ROWS)
        assert (status, [row["prediction"] for row in rows]) == (200, ["no", "yes"])
        status, problem = await client.post("m", [{"a": 1}])
        assert (status, problem["column"]) == (422, "b")
    async with run_runtime(ScikitRuntime(), shop, allow_code=False) as client:
        await client.model("m", state="broken")
        assert "CATENARY_ALLOW_CODE" in (await client.post("m", ROWS))[1]["detail"]
