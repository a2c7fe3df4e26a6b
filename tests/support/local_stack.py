"""A local stack of a test's own: a state folder, free ports, and the command line as processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from processes import is_alive

from catenary.address import TcpAddress, free_port, require_free

PATIENCE_S = 90


def until(reached: Callable[[], object], what: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while not reached():
        assert time.monotonic() < end, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)


class Running:
    """`catenary` as a process in a session of its own; what it writes is in `out` and `err`."""

    def __init__(self, words: tuple[str, ...], environment: dict[str, str], folder: Path) -> None:
        self.out, self.err = folder / "out", folder / "err"
        with self.out.open("wb") as out, self.err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "catenary", *words],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    def until_says(self, text: str) -> None:
        """Wait until it has written `text`."""

        def says() -> bool:
            written = self.out.read_text() + self.err.read_text()
            assert text in written or self.process.poll() is None, f"ended without {text!r}: {written}"
            return text in written

        until(says, f"{text!r} in {self.out.read_text()} {self.err.read_text()}")

    def signal(self, number: int) -> None:
        """Send a signal as a terminal does: to the whole process group."""
        os.killpg(self.process.pid, number)

    def ended(self) -> int:
        return self.process.wait(PATIENCE_S)


class LocalStack:
    """What the tests do with a stack; the ports and the state folder are its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.state = folder / "state"
        self.ports = {name: free_port() for name in ("manager", "gateway", "repository")}
        self.environment = os.environ | {
            "CATENARY_STATE_DIR": str(self.state),
            **{f"CATENARY_{name.upper()}_PORT": str(port) for name, port in self.ports.items()},
        }
        self._running: list[Running] = []

    def run(self, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """`catenary` with these words, until it ends."""
        command = [sys.executable, "-m", "catenary", *words]
        return subprocess.run(
            command, env=self.environment | environment, capture_output=True, text=True, check=False, timeout=PATIENCE_S
        )

    def start(self, *words: str) -> Running:
        folder = self.folder / f"running-{len(self._running)}"
        folder.mkdir()
        self._running.append(Running(words, self.environment, folder))
        return self._running[-1]

    def status(self) -> dict[str, Any]:
        return dict(json.loads(self.run("status", "--json").stdout))

    def record(self) -> dict[str, Any]:
        return dict(json.loads((self.state / "stack.json").read_text()))

    until = staticmethod(until)

    def until_nothing_is_left(self, record: dict[str, Any], processes: list[int]) -> None:
        """Nothing of a stack that had this record and these processes is left in the system, and no port is taken."""
        until(lambda: not [pid for pid in processes if is_alive(pid)], f"the end of {processes}")
        until(lambda: not Path(record["run_dir"]).exists(), f"the end of {record['run_dir']}")
        for name, port in self.ports.items():
            require_free(TcpAddress("127.0.0.1", port), name)

    def clean_up(self) -> None:
        for running in self._running:
            if running.process.poll() is None:
                running.process.terminate()
                running.ended()
        self.run("down")
