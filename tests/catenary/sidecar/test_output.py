"""Standard output beside a second opener: by processes of their own, because it is the process's."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

# Writes, has its standard output opened by name and written to, and writes again.
_SHARES = """
import os
from catenary.sidecar.output import share_output
os.write(1, b"first\\n")
share_output()
second = os.open("/dev/stdout", os.O_WRONLY | os.O_APPEND)
os.write(second, b"by another\\n")
os.write(1, b"last\\n")
"""


def test_nobody_writes_over_what_another_wrote_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "log"
    with file.open("wb") as output:  # not appending, as a shell's `>`
        subprocess.run([sys.executable, "-c", _SHARES], stdout=output, check=True)
    assert file.read_text() == "first\nby another\nlast\n"


def test_a_pipe_can_be_shared() -> None:
    assert subprocess.run([sys.executable, "-c", _SHARES], capture_output=True, check=True).stdout.count(b"\n") == 3


def test_a_socket_cannot_and_an_error_says_so() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        done = subprocess.run([sys.executable, "-c", _SHARES], stdout=theirs, stderr=subprocess.PIPE, check=False)
    assert b"OSError: [Errno 6]" in done.stderr


def test_a_gateway_whose_output_is_a_socket_says_that_it_logs_no_requests() -> None:
    code = """
import logging
from catenary.sidecar import SidecarSettings
from catenary.sidecar.supervisor import _access_log
logging.basicConfig()
assert _access_log(SidecarSettings(service="gateway", role="gateway")) is None
"""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, stdout=theirs, stderr=subprocess.PIPE, check=True, text=True)
    assert "no line is written for a request: standard output cannot be opened by name: No such device" in done.stderr
