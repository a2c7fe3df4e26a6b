"""Each benchmark runs: one round, as short and as small as it goes. What it measures then means nothing."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
PATIENCE_S = 300

SCRIPTS = {
    "chain": ["--connections", "1"],
    "pipelines": ["--numbers", "1", "20"],
    "size": ["--lengths", "1", "2", "--bodies", "1000"],
    "transport": ["--connections", "2"],
    "start": [],
    "soak": ["--minutes", "0.05"],
    "seeing": [],
    "spark_local": ["--rows", "1", "10", "--fitted-rows", "200", "--forests", "2", "--boosted", "2"],
}


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.usefixtures("wrk")
async def test_a_round_gives_figures_for_every_case(script: str, tmp_path: Path) -> None:
    file = tmp_path / "figures.json"
    words = [f"bench/{script}.py", "--rounds", "1", "--seconds", "1", "--json", str(file), *SCRIPTS[script]]
    child = await asyncio.create_subprocess_exec(
        sys.executable, *words, cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    said, errors = await asyncio.wait_for(child.communicate(), PATIENCE_S)
    assert child.returncode == 0, errors.decode()
    tables = json.loads(file.read_text())["tables"]
    assert tables
    for table in tables:
        assert f"**{table['title']}**" in said.decode()
        assert table["cases"]
        for case in table["cases"]:
            assert all(value >= 0 for values in case["figures"].values() for value in values), case


def test_make_bench_runs_every_script_that_is_tested() -> None:
    [line] = [line for line in (CHECKOUT / "Makefile").read_text().splitlines() if line.startswith("BENCHES :=")]
    assert line.split()[2:] == list(SCRIPTS)
