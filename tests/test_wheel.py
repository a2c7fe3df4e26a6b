"""The wheel is the whole application: installed in a fresh environment, away from the checkout, it serves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from catenary.address import free_port

CHECKOUT = Path(__file__).resolve().parents[1]


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Standard output of `command`; its standard error is shown where it fails."""
    outside = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(command, cwd=cwd, env=outside | environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, CHECKOUT, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def test_it_holds_the_packages_and_the_data_and_nothing_else(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        *("catenary", "gateway", "manager", "repository", "runtimes"),
    }
    assert [name for name in names if name.startswith("catenary/_data/envoy/")] == ["catenary/_data/envoy/chain.lua"]
    assert "catenary/_data/models/scikit/iris/model.pkl" in names
    assert {name for name in names if name.startswith("catenary/_data/observability/")} == {
        "catenary/_data/observability/alerts.yml",
        "catenary/_data/observability/local.yml",
    }
    assert "catenary/py.typed" in names
    assert not [name for name in names if "__pycache__" in name or name.endswith(".pyc")]


def test_the_stack_runs_from_it_in_a_fresh_environment(wheel: Path, tmp_path: Path) -> None:
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=True)
    python = environment / "bin" / "python"
    lock = CHECKOUT / "requirements" / "local.txt"
    run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", lock, cwd=tmp_path)
    run(python, "-m", "pip", "install", "--quiet", "--no-deps", wheel, cwd=tmp_path)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    ports = [f"--{part}-port={free_port()}" for part in ("manager", "gateway", "repository")]
    out = run(
        *(environment / "bin" / "catenary", "demo", "--once", "--json", *ports),
        cwd=elsewhere,
        CATENARY_STATE_DIR=str(tmp_path / "state"),
    )
    assert [row["predictionLabel"] for row in json.loads(out)["answer"]] == ["no", "yes"]
    assert list(elsewhere.iterdir()) == []
