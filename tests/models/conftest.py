"""The example models' folders; nothing is written into them, for they are served as they are."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from runtimes.custom.importer import import_folder

sys.dont_write_bytecode = True


@pytest.fixture(scope="session")
def models() -> Path:
    return Path(__file__).resolve().parents[2] / "models"


@pytest.fixture(scope="session")
def pm_scikit(models):
    """pm_scikit as the custom runtime loads it."""
    return import_folder(models / "custom" / "pm_scikit").load(models / "custom" / "pm_scikit")


@pytest.fixture(scope="session")
def read(models):
    """Reads a JSON file of a model, such as `scikit/iris/request.json`."""
    return lambda path: json.loads((models / path).read_text(encoding="utf-8"))
