"""The supervisor as the first process of a container, tried in a PID namespace of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from processes import descendants, is_alive

# Leaves an orphan behind that ends at once, tells when it is gone from the namespace, and ends with 7 after TERM.
_SUPERVISOR = """
import os, signal, subprocess, sys, time
from pathlib import Path
from catenary.sidecar.init import become_init_if_first

become_init_if_first()
signal.signal(signal.SIGTERM, lambda *_: os._exit(7))
orphan = int(subprocess.check_output(["sh", "-c", "sleep 0 >/dev/null & echo $!"]))
while Path(f"/proc/{orphan}").exists():
    time.sleep(0.01)
print("collected", os.getpid(), os.getppid(), flush=True)
signal.pause()
"""
_ALONE = ["unshare", "--user", "--map-root-user", "--pid", "--fork", "--mount-proc"]


@pytest.fixture
def first() -> subprocess.Popen[str]:
    if sys.platform != "linux":
        pytest.skip("only Linux has PID namespaces")
    if subprocess.run([*_ALONE, "true"], capture_output=True, check=False).returncode:
        _ALONE[1:3] = []  # A machine that lets nobody but root have namespaces.
    return subprocess.Popen([*_ALONE, sys.executable, "-c", _SUPERVISOR], stdout=subprocess.PIPE, text=True)


def test_it_collects_orphans_passes_term_on_and_ends_with_the_supervisors_status(first: subprocess.Popen[str]) -> None:
    assert first.stdout
    with first.stdout as said:
        assert said.readline() == "collected 2 1\n"
        _, init, *_ = descendants(first.pid)
        assert _pid_inside(init) == 1
        os.kill(init, signal.SIGTERM)
        assert first.wait(10) == 7


def test_without_its_supervisor_it_ends_and_takes_all_with_it(first: subprocess.Popen[str]) -> None:
    assert first.stdout
    with first.stdout as said:
        said.readline()
        *_, supervisor = descendants(first.pid)
        os.kill(supervisor, signal.SIGKILL)
        assert first.wait(10) == 128 + 9
        assert not is_alive(supervisor)


def _pid_inside(pid: int) -> int:
    line = next(line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("NSpid"))
    return int(line.split()[-1])
