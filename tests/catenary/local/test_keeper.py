from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from mesh import until

from catenary.local import keeper as keeper_module
from catenary.local.keeper import Keeper
from catenary.local.parts import Part
from catenary.sidecar.children import Children

SLEEPER = "import signal; print('started', flush=True); signal.pause()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {SLEEPER}"


class Kept:
    """A keeper of a Python program, and an event for each change that it tells of."""

    def __init__(self, children: Children, folder: Path, code: str) -> None:
        part = Part("part", (sys.executable, "-c", code), os.environ)
        self.changes: asyncio.Queue[int | None] = asyncio.Queue()
        self.keeper = Keeper(part, children, folder / "part.log", self._changed)

    def _changed(self) -> None:
        self.changes.put_nowait(self.keeper.pid)

    async def next_pid(self) -> int | None:
        async with asyncio.timeout(20):
            return await self.changes.get()


@pytest.fixture
async def keep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Callable[[str], Kept]]:
    monkeypatch.setattr(keeper_module, "FIRST_BACK_OFF_S", 0.01)
    monkeypatch.setattr(keeper_module, "LONGEST_BACK_OFF_S", 0.04)
    async with Children() as children:
        kept: list[Kept] = []

        def make(code: str) -> Kept:
            kept.append(Kept(children, tmp_path, code))
            kept[-1].keeper.start()
            return kept[-1]

        yield make
        for one in kept:
            await one.keeper.stop(0)


async def test_a_part_that_dies_is_started_again(keep: Callable[[str], Kept], caplog: pytest.LogCaptureFixture):
    kept = keep(SLEEPER)
    first = await kept.next_pid()
    assert first is not None
    os.kill(first, signal.SIGKILL)
    assert await kept.next_pid() is None
    second = await kept.next_pid()
    assert second not in (None, first)
    assert (kept.keeper.deaths, kept.keeper.last_status) == (1, 137)
    [line] = [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.startswith("part ended with status 137 after ")
    assert line.endswith(str(kept.keeper.log_file))


async def test_a_part_that_finds_its_setup_wrong_is_left_dead(
    keep: Callable[[str], Kept], caplog: pytest.LogCaptureFixture
):
    kept = keep("raise SystemExit(2)")
    assert await kept.next_pid() is not None
    assert await kept.next_pid() is None
    assert kept.keeper.found_setup_wrong
    assert "started again" not in caplog.text


async def test_once_it_was_ready_it_is_started_again_whatever_its_status(keep: Callable[[str], Kept]):
    kept = keep("raise SystemExit(2)")
    kept.keeper.was_ready = True
    while kept.keeper.deaths < 2:
        await kept.next_pid()
    assert not kept.keeper.found_setup_wrong


async def test_the_pause_before_a_start_doubles_up_to_a_limit(
    keep: Callable[[str], Kept], caplog: pytest.LogCaptureFixture
):
    kept = keep("raise SystemExit(3)")
    while kept.keeper.deaths < 5:
        await kept.next_pid()
    pauses = [record.args[3] for record in caplog.records if record.name == keeper_module.__name__]
    assert pauses[:5] == [0.01, 0.02, 0.04, 0.04, 0.04]


async def test_a_part_that_was_well_for_long_starts_again_at_the_shortest_pause(
    keep: Callable[[str], Kept], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(keeper_module, "WELL_AFTER_S", 0)
    kept = keep("raise SystemExit(3)")
    while kept.keeper.deaths < 3:
        await kept.next_pid()
    pauses = [record.args[3] for record in caplog.records if record.name == keeper_module.__name__]
    assert set(pauses) == {0.01}


async def test_all_lives_write_into_one_log(keep: Callable[[str], Kept]):
    kept = keep("import sys; print('out', flush=True); print('err', file=sys.stderr)")
    while kept.keeper.deaths < 2:
        await kept.next_pid()
    assert kept.keeper.log_file.read_text().splitlines()[:4] == ["out", "err"] * 2


async def test_a_stopped_part_is_not_started_again(keep: Callable[[str], Kept]):
    kept = keep(SLEEPER)
    pid = await kept.next_pid()
    await kept.keeper.stop(20)
    assert kept.keeper.pid is None
    assert kept.keeper.deaths == 0
    with pytest.raises(ProcessLookupError):
        os.kill(pid or 0, 0)


async def test_a_part_that_ignores_term_is_killed(keep: Callable[[str], Kept], caplog: pytest.LogCaptureFixture):
    kept = keep(DEAF)
    await kept.next_pid()

    async def is_deaf() -> bool:
        return "started" in kept.keeper.log_file.read_text()

    await until(is_deaf, "the part ignores TERM")
    await kept.keeper.stop(0.1)
    assert kept.keeper.pid is None
    assert "was killed" in caplog.text


async def test_a_part_may_be_stopped_between_two_lives(keep: Callable[[str], Kept], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(keeper_module, "FIRST_BACK_OFF_S", 60)
    kept = keep("raise SystemExit(1)")
    while kept.keeper.deaths < 1:
        await kept.next_pid()
    async with asyncio.timeout(5):
        await kept.keeper.stop(20)


async def test_a_program_that_cannot_be_started_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(keeper_module, "FIRST_BACK_OFF_S", 0.01)
    async with Children() as children:
        died = asyncio.Event()
        part = Part("part", ("/nonexistent/program",), os.environ)
        keeper = Keeper(part, children, tmp_path / "part.log", died.set)
        keeper.start()
        async with asyncio.timeout(20):
            await died.wait()
        await keeper.stop(0)
    assert "part cannot be started" in caplog.text
