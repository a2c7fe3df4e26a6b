from __future__ import annotations

from pathlib import Path

import pytest

from catenary import data
from catenary.errors import SetupError


def test_the_data_of_a_checkout_stands_at_its_top():
    assert (data.models_dir() / "custom" / "pm_scikit" / "request.json").is_file()
    assert "envoy_on_request" in data.chain_lua().read_text()


def test_the_data_of_a_wheel_stands_inside_the_package(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    package = tmp_path / "site-packages" / "catenary"
    (package / "_data" / "models").mkdir(parents=True)
    (package.parent / "models").mkdir()
    monkeypatch.setattr(data, "_PACKAGE", package)
    assert data.models_dir() == package / "_data" / "models"


def test_an_installation_without_its_data_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setattr(data, "_PACKAGE", tmp_path / "catenary")
    with pytest.raises(SetupError, match=r"lacks envoy/chain\.lua"):
        data.chain_lua()
