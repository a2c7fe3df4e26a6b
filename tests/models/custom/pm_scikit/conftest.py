from __future__ import annotations

import importlib
from types import SimpleNamespace

import pytest

from runtimes.custom.importer import import_folder


@pytest.fixture(scope="session")
def modules(models):
    """The modules of the folder, by their names."""
    package = import_folder(models / "custom" / "pm_scikit").__package__
    names = ("features", "specifics", "tokens")
    return SimpleNamespace(**{name: importlib.import_module(f"{package}.{name}") for name in names})


@pytest.fixture(scope="session")
def tokenizer(models, modules):
    stop_words = (models / "custom" / "pm_scikit" / "stop_words.txt").read_text(encoding="utf-8").split()
    return modules.tokens.Tokenizer(stop_words)
