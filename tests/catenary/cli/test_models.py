"""`catenary model compile`: one file of a saved model, and what it says when there is none to be made."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

SAVED = Path(__file__).parents[3] / "models/spark/text_lr"


def test_a_model_is_compiled_with_what_lies_beside_it(run: Any, tmp_path: Path):
    saved, out = tmp_path / "saved", tmp_path / "out"
    shutil.copytree(SAVED, saved)
    (saved / ".hidden").write_text("")
    result = run("model", "compile", str(saved), str(out))
    assert result.exit_code == 0, result.stderr
    beside = {file.name for file in SAVED.iterdir() if file.is_file()}
    assert {"request.json", "README.md"} < beside
    assert {file.name for file in out.iterdir()} == {"model.npz", *beside}
    assert (out / "request.json").read_bytes() == (SAVED / "request.json").read_bytes()
    assert result.stdout.splitlines() == [
        f"{out}/model.npz: {(out / 'model.npz').stat().st_size:,} bytes",
        "  inputs   text",
        "  outputs  rawPrediction, probability, prediction",
    ]


def test_what_was_compiled_is_compiled_again_over_itself(run: Any, tmp_path: Path):
    first = json.loads(run("model", "compile", str(SAVED), str(tmp_path / "out"), "--json").stdout)
    again = json.loads(run("model", "compile", str(SAVED), str(tmp_path / "out"), "--json").stdout)
    assert first == again
    assert first["inputs"] == ["text"]


def test_a_model_that_cannot_be_served_is_1_and_nothing_is_written(run: Any, tmp_path: Path):
    saved = tmp_path / "saved"
    shutil.copytree(SAVED, saved)
    (stage,) = saved.glob("stages/0_*/metadata/part-*")
    stage.write_text(stage.read_text().replace("feature.Tokenizer", "feature.NoSuchStage"))
    result = run("model", "compile", str(saved), str(tmp_path / "out"))
    assert result.exit_code == 1
    assert result.stderr.startswith("catenary: model 'saved' cannot be loaded: 0_Tokenizer_")
    assert "NoSuchStage is not a stage that can be served" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("saved", "out", "reason"),
    [
        ("nothing", "out", "nothing is not a folder"),
        ("saved", "saved", "saved is in the folder of the saved model: name another one"),
        ("saved", "saved/inside", "saved/inside is in the folder of the saved model: name another one"),
        ("saved", "full", "full holds something that is not a compiled model: name another folder"),
        ("saved", "full/file", "full/file cannot be written: Not a directory"),
    ],
)
def test_folders_that_cannot_be_used_are_2_and_named(run: Any, tmp_path: Path, saved: str, out: str, reason: str):
    shutil.copytree(SAVED, tmp_path / "saved")
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").write_text("")
    result = run("model", "compile", str(tmp_path / saved), str(tmp_path / out))
    assert (result.exit_code, result.stderr) == (2, f"catenary: {tmp_path}/{reason}\n")


def test_without_its_extra_it_is_refused_in_one_sentence(run: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = run("model", "compile", str(SAVED), str(tmp_path / "out"))
    assert result.exit_code == 2
    sentence = "pyarrow not installed: a saved Spark model needs the extra `catenary[spark-local]`"
    assert result.stderr == f"catenary: {sentence}\n"
