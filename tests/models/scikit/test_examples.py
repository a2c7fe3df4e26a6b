from __future__ import annotations

import runpy
import sys

import joblib
import numpy as np
import pytest

pytestmark = pytest.mark.parametrize("name", ["iris", "wine"])


def answers(folder, read):
    """The response to the request of `folder`, computed by its model as the scikit runtime does."""
    model, metadata = joblib.load(folder / "model.pkl"), read(f"{folder}/metadata.json")
    request = read(f"{folder}/request.json")
    matrix = np.array([[row[name] for name in metadata["inputs"]] for row in request], dtype=np.float64)
    predictions, probabilities = model.predict(matrix).tolist(), model.predict_proba(matrix).tolist()
    return [
        {**row, "prediction": prediction, "probability": pytest.approx(probability, rel=1e-9, abs=1e-12)}
        for row, prediction, probability in zip(request, predictions, probabilities, strict=True)
    ]


def test_the_request_of_the_folder_gets_its_response(models, read, name):
    assert read(f"scikit/{name}/response.json") == answers(models / "scikit" / name, read)


@pytest.fixture
def trained(models, name, tmp_path, monkeypatch, capsys):
    """A folder that the model's script has just written, and what the script printed."""
    monkeypatch.setattr(sys, "argv", ["train.py", "--out", str(tmp_path)])
    runpy.run_path(str(models / "scikit" / name / "train.py"), run_name="__main__")
    return tmp_path, capsys.readouterr().out


def test_training_anew_gives_the_same_answers(models, read, name, trained):
    folder, _ = trained
    for file in "metadata.json", "request.json":
        assert (folder / file).read_bytes() == (models / "scikit" / name / file).read_bytes()
    assert read(f"scikit/{name}/response.json") == answers(folder, read)


def test_the_accuracy_in_the_readme_is_what_training_prints(models, name, trained):
    _, printed = trained
    readme = (models / "scikit" / name / "README.md").read_text(encoding="utf-8")
    assert f"- **Accuracy** on the held-out rows: {printed.split()[-1]}." in readme
