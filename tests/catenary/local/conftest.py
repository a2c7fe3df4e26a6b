"""Stacks of their own, and their processes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from local_stack import LocalStack
from processes import descendants


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[LocalStack]:
    """A stack that is not up yet."""
    local = LocalStack(tmp_path)
    yield local
    local.clean_up()


@pytest.fixture
def processes_of() -> Callable[[int], list[int]]:
    if not Path("/proc/self").is_dir():
        pytest.skip("looks at processes in /proc, which this system does not have")
    return descendants


@pytest.fixture
def kill() -> Callable[[int], None]:
    return lambda pid: os.kill(pid, signal.SIGKILL)
