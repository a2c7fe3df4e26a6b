from __future__ import annotations

from pathlib import Path

import pytest

from catenary import data
from catenary.errors import SetupError
from catenary.local.settings import LocalSettings


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CATENARY_MODEL_DIRECTORY", raising=False)
    return tmp_path.resolve()


def test_the_named_folder_comes_first(here: Path):
    (here / "models").mkdir()
    (here / "mine").mkdir()
    assert LocalSettings(model_directory=Path("mine")).models() == here / "mine"


def test_then_the_folder_models_of_the_working_directory(here: Path):
    (here / "models").mkdir()
    assert LocalSettings().models() == here / "models"


def test_then_the_examples(here: Path):
    assert LocalSettings().models() == data.models_dir()


def test_a_named_folder_that_is_not_there_is_a_sentence(here: Path):
    (here / "models").mkdir()
    with pytest.raises(SetupError, match=r"^nowhere is not a folder: --models takes"):
        LocalSettings(model_directory=Path("nowhere")).models()
