"""kill -9 of any process of an instance: no process, no file and no port is left in the way of the next start."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import pytest
from mesh import until
from processes import is_alive

from catenary.address import free_port

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="looks at processes in /proc"),
]


@pytest.mark.parametrize("victim", ["supervisor", "envoy", "app"])
async def test_nothing_is_left_and_the_next_start_works_at_the_same_address(supervise: Any, victim: str) -> None:
    listen = f"127.0.0.1:{free_port()}"
    killed = await supervise(listen=listen)
    await killed.until_in()
    processes = killed.processes()
    assert processes.keys() == {"envoy", "app", "worker", "reaper"}
    killed.signal(victim, signal.SIGKILL)

    async def nothing_is_left() -> bool:
        return not killed.folders() and not any(map(is_alive, [*processes.values(), killed.process.child.pid]))

    await until(nothing_is_left, f"no process and no folder left; {killed.log}", timeout_s=10)
    again = await supervise(listen=listen, service=killed.service)
    await again.until_in()
    assert await again.world.text("GET", f"http://{listen}/environment")
    await killed.until_out()
