"""Children of a process, and that none outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from mesh import until

from catenary.errors import SetupError
from catenary.sidecar.children import REAPER, Children

IsAlive = Callable[[int], bool]
SLEEPER = [sys.executable, "-c", "import signal; signal.pause()"]
DEAF = [sys.executable, "-uc", "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(); signal.pause()"]
# A parent whose child has a worker in its group; prints the pids of both, then waits.
PARENT = """
import asyncio, os, signal, sys
from pathlib import Path
from catenary.sidecar.children import REAPER, Children

signal.signal(signal.SIGHUP, signal.SIG_DFL)  # nohup has its children ignore it

async def main():
    async with Children(Path(sys.argv[1])) as children:
        child = await children.start("child", ["/bin/sh", "-c", "sleep 600 & echo $$ $!; wait"])
        await child.ended

asyncio.run(main())
"""


async def test_a_status_is_given_as_a_shell_gives_it() -> None:
    async with Children() as children:
        assert await (await children.start("x", ["/bin/sh", "-c", "exit 3"])).ended == 3
        assert await (await children.start("x", ["/bin/sh", "-c", "kill -9 $$"])).ended == 137


async def test_a_child_that_heeds_term_is_not_killed() -> None:
    async with Children() as children:
        child = await children.start("x", SLEEPER)
        assert await child.stop(10)
        assert child.ended.result() == 128 + signal.SIGTERM
        assert await child.stop(10)


async def test_a_child_that_ignores_term_is_killed_after_its_grace() -> None:
    read_end, write_end = os.pipe()
    async with Children() as children:
        child = await children.start("x", DEAF, output=write_end)
        assert await asyncio.to_thread(os.read, read_end, 1)
        assert not await child.stop(0.1)
        assert child.ended.result() == 128 + signal.SIGKILL
    os.close(read_end)
    os.close(write_end)


async def test_leaving_the_block_kills_what_runs_and_removes_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "file").touch()
    async with Children(folder) as children:
        child = await children.start("x", SLEEPER)
    assert child.ended.result() == 128 + signal.SIGKILL
    assert not folder.exists()


async def test_the_workers_of_a_child_end_with_it(is_alive: IsAlive) -> None:
    read_end, write_end = os.pipe()
    async with Children() as children:
        child = await children.start("x", ["/bin/sh", "-c", "sleep 600 & echo $!"], output=write_end)
        worker = int(await asyncio.to_thread(os.read, read_end, 100))
        assert await child.ended == 0

        async def is_gone() -> bool:
            return not is_alive(worker)

        await until(is_gone, "the worker is gone", timeout_s=5)
    os.close(read_end)
    os.close(write_end)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGHUP])
async def test_nothing_outlives_a_parent_that_is_killed(tmp_path: Path, is_alive: IsAlive, number: int) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    read_end, write_end = os.pipe()
    parent = await asyncio.create_subprocess_exec(sys.executable, "-c", PARENT, str(folder), stdout=write_end)
    pids = [int(pid) for pid in (await asyncio.to_thread(os.read, read_end, 100)).split()]
    os.close(read_end)
    os.close(write_end)
    assert all(is_alive(pid) for pid in pids)
    parent.send_signal(number)
    await parent.wait()

    async def nothing_is_left() -> bool:
        return not folder.exists() and not any(is_alive(pid) for pid in pids)

    await until(nothing_is_left, "no child, worker or folder left", timeout_s=5)


async def test_the_reaper_kills_the_groups_that_have_begun_and_not_ended() -> None:
    begun, ended = [await asyncio.create_subprocess_exec(*SLEEPER, start_new_session=True) for _ in range(2)]
    reaper = await asyncio.create_subprocess_exec("/bin/sh", "-c", REAPER, stdin=asyncio.subprocess.PIPE)
    await reaper.communicate(f"+ {begun.pid}\n+ {ended.pid}\n- {ended.pid}\n".encode())
    assert await begun.wait() == -signal.SIGKILL
    ended.terminate()
    assert await ended.wait() == -signal.SIGTERM


async def test_a_command_that_cannot_be_started_is_an_error_that_names_it() -> None:
    async with Children() as children:
        with pytest.raises(SetupError, match=r"^the app cannot be started: '/nowhere' is not a program"):
            await children.start("the app", ["/nowhere"])
