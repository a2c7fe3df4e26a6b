"""A stack that runs behind the shell: `up --detach` starts its launcher, `down` ends it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable

from catenary.errors import ServingError
from catenary.local.log_files import new_log
from catenary.local.settings import LocalSettings
from catenary.local.stack import Stack, StackFile

POLL_S = 0.1
STOP_TIMEOUT_S = 120.0
"""More than a launcher takes at most to stop all parts."""


def start(settings: LocalSettings, follow: Callable[[str], None]) -> Stack | int:
    """Start a launcher in a session of its own and wait until its stack is ready.

    `follow` takes what the launcher writes meanwhile, its errors too. Returns the stack, or the exit status of a
    launcher that ended instead. An interrupt stops the launcher. Raises SetupError if a stack is up already.
    """
    file = StackFile(settings.state_dir)
    file.require_none()
    log_file = new_log(settings.state_dir, "launcher")
    with log_file.open("ab") as output:
        launcher = subprocess.Popen(  # noqa: S603 (this program itself)
            [sys.executable, "-m", "catenary", "up", *_flags(settings)],
            env=os.environ | {"CATENARY_STATE_DIR": str(settings.state_dir)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=output,
            start_new_session=True,
        )
    with log_file.open() as written:
        try:
            while True:
                status = launcher.poll()
                stack = file.read()
                follow(written.read())
                if status is not None:
                    return status
                if stack and stack.pid == launcher.pid and stack.state == "ready":
                    return stack
                time.sleep(POLL_S)
        except KeyboardInterrupt:
            launcher.terminate()
            launcher.wait()
            follow(written.read())
            raise


def stop(settings: LocalSettings) -> Stack | None:
    """Stop the stack that is up and wait until it is gone; None: none was up.

    Raises ServingError if it takes longer than `STOP_TIMEOUT_S`.
    """
    file = StackFile(settings.state_dir)
    deadline = time.monotonic() + STOP_TIMEOUT_S
    stopped: Stack | None = None
    while file.is_held():
        if stopped is None and (stack := file.read()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(stack.pid, signal.SIGTERM)
            stopped = stack
        if time.monotonic() > deadline:
            raise ServingError(
                f"the stack has not stopped within {STOP_TIMEOUT_S:g} s; `catenary status` shows what runs"
            )
        time.sleep(POLL_S)
    return stopped


def _flags(settings: LocalSettings) -> list[str]:
    return [
        *("--models", str(settings.models())),
        *("--manager-port", str(settings.manager_port)),
        *("--gateway-port", str(settings.gateway_port)),
        *("--repository-port", str(settings.repository_port)),
    ]
