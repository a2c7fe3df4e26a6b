"""The command line in this process, and a real manager for it to talk to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from catenary.address import free_port
from catenary.cli.app import app
from catenary.client import Client
from catenary.local.readiness import manager_answers

Run = Callable[..., Result]
START_S = 30


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs `catenary` with the words given, in a state folder where no stack is up."""
    monkeypatch.setenv("CATENARY_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*words: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, list(words), input=stdin, prog_name="catenary")

    return invoke


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a manager that knows no instance, and keeps traces."""
    folder = tmp_path_factory.mktemp("manager")
    port = free_port()
    environment = os.environ | {
        "CATENARY_LISTEN": f"127.0.0.1:{port}",
        "CATENARY_XDS": f"127.0.0.1:{free_port()}",
        "CATENARY_STATE_DIR": str(folder),
        "CATENARY_KEEP_TRACES": "10",
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "manager"], env=environment, stdout=log, stderr=log)
    try:
        client = Client(f"http://127.0.0.1:{port}")
        end = time.monotonic() + START_S
        while not manager_answers(client):
            assert process.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < end, (folder / "log").read_text()
            time.sleep(0.05)
        yield client.url
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
