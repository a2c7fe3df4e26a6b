from __future__ import annotations

import io
import pickle
from pathlib import Path

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LinearRegression

from repository.formats import Broken, Incomplete, Signature
from repository.formats.scikit import Scikit

METADATA = b'{"model": "m", "inputs": ["a", "b"], "outputs": ["prediction"]}'


@pytest.fixture
def read(models, files_of):
    def signature(**files: bytes) -> Signature:
        folder = models.write("scikit/m", {name.replace("_", "."): content for name, content in files.items()})
        return Scikit().signature(files_of(folder))

    return signature


@pytest.fixture(scope="module")
def fitted() -> LinearRegression:
    return LinearRegression().fit(np.arange(12.0).reshape(6, 2), np.arange(6.0))


def joblib_bytes(model: object, compress: object = 0) -> bytes:
    buffer = io.BytesIO()
    joblib.dump(model, buffer, compress=compress)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_pickle_of_any_protocol_with_an_opening_is_a_model(read, fitted, protocol):
    content = pickle.dumps(fitted, protocol)
    assert read(metadata_json=METADATA, model_pkl=content) == Signature(("a", "b"), ("prediction",))


@pytest.mark.parametrize("method", ["zlib", "gzip", "bz2", "lzma", "xz", None])
def test_what_joblib_writes_is_a_model(read, fitted, method):
    assert read(metadata_json=METADATA, model_pkl=joblib_bytes(fitted, (method, 3) if method else 0))


def test_what_skops_writes_is_a_model(read, fitted):
    assert read(metadata_json=METADATA, model_skops=skops.io.dumps(fitted))


def test_without_a_model_the_folder_is_incomplete(read):
    with pytest.raises(Incomplete, match=r"model\.pkl \(or model\.skops\) is missing"):
        read(metadata_json=METADATA)


def test_without_metadata_the_folder_is_incomplete(read):
    with pytest.raises(Incomplete, match=r"metadata\.json is missing"):
        read(model_pkl=pickle.dumps(1))


def test_a_pickle_without_its_end_is_incomplete(read, fitted):
    content = joblib_bytes(fitted)
    for length in (0, 1, 2, len(content) // 2, len(content) - 1):
        with pytest.raises(Incomplete, match=r"model\.pkl is (cut short|empty)"):
            read(metadata_json=METADATA, model_pkl=content[:length].rstrip(b"."))


def test_a_skops_archive_without_its_end_is_incomplete(read, fitted):
    content = skops.io.dumps(fitted)
    for length in (0, 1, len(content) // 2, len(content) - 30):
        with pytest.raises(Incomplete, match=r"model\.skops is cut short"):
            read(metadata_json=METADATA, model_skops=content[:length])


@pytest.mark.parametrize("content", [b"hello", b"<html>", b"PK\3\4"])
def test_what_is_no_pickle_is_broken(read, content):
    with pytest.raises(Broken, match=r"model\.pkl is neither a pickle"):
        read(metadata_json=METADATA, model_pkl=content)


def test_what_is_no_skops_archive_is_broken(read):
    with pytest.raises(Broken, match=r"model\.skops is not the ZIP archive"):
        read(metadata_json=METADATA, model_skops=b"hello")


def test_only_metadata_and_model_belong_to_the_model():
    form = Scikit()
    assert all(map(form.belongs, ("metadata.json", "model.pkl", "model.skops")))
    assert not any(map(form.belongs, ("README.md", "request.json", "train.py", "data/model.pkl")))


def test_the_committed_examples_are_models(files_of):
    for name in ("iris", "wine"):
        folder = Path("models/scikit") / name
        assert len(Scikit().signature(files_of(folder)).outputs) >= 1
