"""Every command in the README is run, in its order and as it stands there: `make demo` beside all the others.

Those of the section on containers are in `tests/compose`.
"""

from __future__ import annotations

import json
import os
import re
import select
import signal
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from processes import descendants, is_alive
from readme import CONTAINERS, commands

CHECKOUT = Path(__file__).resolve().parents[1]
START_S = 600
"""The first start installs everything."""

STARTED = "Ctrl-C"


def local_commands() -> list[str]:
    return [block for title, blocks in commands().items() if title != CONTAINERS for block in blocks]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The README's first command, up."""
    first, *_ = local_commands()
    process = subprocess.Popen(
        first,
        shell=True,
        cwd=CHECKOUT,
        env=os.environ | {"CATENARY_STATE_DIR": str(tmp_path / "state")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    assert process.stdout
    try:
        _read_until(process, STARTED)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.stdout.close()
        process.wait()


def _read_until(process: subprocess.Popen[bytes], text: str) -> str:
    """What the process printed up to `text`; fails with it where the process ends or the time is over."""
    assert process.stdout
    output = process.stdout.fileno()
    printed, end = "", time.monotonic() + START_S
    while text not in printed:
        readable, _, _ = select.select([output], [], [], 1)
        piece = os.read(output, 65_536) if readable else b""
        printed += piece.decode(errors="replace")
        assert piece or not readable, f"it ended:\n{printed}"
        assert time.monotonic() < end, printed
    return printed


def test_every_command_in_the_readme_works(demo: subprocess.Popen[bytes], tmp_path: Path) -> None:
    _, *others = local_commands()
    assert len(others) >= 5
    script = "set -euxo pipefail\n" + "\n".join(others) + "\nwait || true\n"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=CHECKOUT,
        env=os.environ | {"CATENARY_STATE_DIR": str(tmp_path / "state")},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    labels = re.findall(r'"predictionLabel":\s*"(\w+)"', done.stdout)
    assert labels == ["no", "yes"]
    assert "server-timing: pm_scikit;dur=" in done.stdout
    assert "HELLO" in done.stdout
    assert "there is no column 'ItemSpecifics1', which 'pm_scikit' needs" in done.stdout

    record = json.loads((tmp_path / "state" / "stack.json").read_text())
    processes = descendants(demo.pid)
    assert len(processes) > 10
    with urllib.request.urlopen(f"{record['manager']}/api/v1/pipelines") as listed:
        pipelines = [pipeline["name"] for pipeline in json.load(listed)]

    os.killpg(demo.pid, signal.SIGINT)
    assert demo.wait(60) != 0  # make says that it was interrupted
    assert [pid for pid in processes if is_alive(pid)] == []
    assert not Path(record["run_dir"]).exists()
    assert pipelines == ["endpointML"], "the README cleans up after itself"
    left = sorted(path.name for path in (tmp_path / "state").iterdir())
    assert left == ["cache", "lock", "logs", "manager.db", "manager.db-journal", "prometheus"]
