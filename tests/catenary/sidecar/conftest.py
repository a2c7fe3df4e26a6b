"""A real manager, and supervisors as processes of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import processes
import pytest
import pytest_asyncio
from supervised import Supervise, World, supervisors


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    async with World() as world:
        yield world


@pytest_asyncio.fixture(loop_scope="module")
async def supervise(world: World) -> AsyncIterator[Supervise]:
    async with supervisors(world) as supervise:
        yield supervise


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    if not Path("/proc/self").is_dir():
        pytest.skip("looks at processes in /proc, which this system does not have")
    return processes.is_alive
