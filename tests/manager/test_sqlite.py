"""The manager on its embedded store: the file is locked, full, read-only, cut short, taken away; requests go on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import resource
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from typing import ClassVar

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from control import Control
from mesh import CHECKOUT, Mesh, Process, until

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

GONE = "what was last known goes on being served"
BACK = "the store is well again"
WRITERS = 4
KILLS = 3


async def _ok(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response([])


class AsAUser(Mesh):
    """Permissions hold for the manager, for root's too."""

    _LESS = "-dac_override,-dac_read_search"
    _SETPRIV = ("setpriv", f"--bounding-set={_LESS}", f"--inh-caps={_LESS}", sys.executable, "-m", "manager")
    MANAGER: ClassVar = ["-c", f"import os; os.execvp('setpriv', {_SETPRIV})"] if os.geteuid() == 0 else Mesh.MANAGER


class Stack(Control):
    """A mesh with its store's file."""

    def __init__(self, mesh: Mesh) -> None:
        super().__init__(mesh, "manager.db")
        self.state = mesh.folder / "state"
        self.file = self.state / "manager.db"

    @property
    def manager(self) -> Process:
        assert self.mesh.manager
        return self.mesh.manager

    async def kill_manager(self) -> None:
        await self.manager.stop(signal.SIGKILL)

    async def kept(self, *pipelines: str) -> None:
        """Holds that a manager that is killed and comes back has them."""
        await self.kill_manager()
        await self.mesh.start_manager()
        assert await self.named(names.PIPELINES_PATH, "name") == sorted(pipelines)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> AsyncIterator[Stack]:
    async with AsAUser() as mesh:
        await mesh.step("a", _ok)
        yield Stack(mesh)


@pytest_asyncio.fixture(loop_scope="module")
async def stack(whole: Stack) -> Stack:
    """With one instance of service `a`, and only pipeline `p`, which it serves; all is well."""
    await until(whole.is_well, "all is well")
    for name in await whole.named(names.PIPELINES_PATH, "name"):
        assert (await whole.call("DELETE", f"{names.PIPELINES_PATH}/{name}"))[0] == 200
    await whole.mesh.pipeline("p", "a/m")
    await whole.until_answers("p")

    async def is_told() -> bool:
        """A gateway that has not come back to a manager that was started anew is no reason for it to say `pending`."""
        envoys = (await whole.call("GET", names.ENVOYS_PATH))[1]
        connected = any(envoy["role"] == "gateway" and envoy["synchronised"] for envoy in envoys)
        return connected and (await whole.call("GET", names.PIPELINES_PATH + "/p"))[1]["state"] == "ready"

    await until(is_told, "the manager has heard that the gateway has it")
    return whole


@contextlib.contextmanager
def is_locked(stack: Stack) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(stack.file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@contextlib.contextmanager
def is_full(stack: Stack) -> Iterator[None]:
    """The manager can write no file, as on a full disk."""
    if sys.platform != "linux":
        pytest.skip("only Linux sets the limits of a process that runs")
    pid = stack.manager.child.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (soft, hard))


@contextlib.contextmanager
def is_read_only(stack: Stack) -> Iterator[None]:
    places = [stack.state, *stack.state.iterdir()]
    before = [place.stat().st_mode for place in places]
    for place, mode in zip(places, before, strict=True):
        place.chmod(mode & ~0o222)
    try:
        yield
    finally:
        for place, mode in zip(places, before, strict=True):
            place.chmod(mode)


@contextlib.contextmanager
def is_cut_short(stack: Stack) -> Iterator[None]:
    content = stack.file.read_bytes()
    os.truncate(stack.file, len(content) // 2)
    try:
        yield
    finally:
        stack.file.write_bytes(content)


@contextlib.contextmanager
def is_emptied(stack: Stack) -> Iterator[None]:
    content = stack.file.read_bytes()
    os.truncate(stack.file, 0)
    try:
        yield
    finally:
        stack.file.write_bytes(content)


Fault = Callable[[Stack], AbstractContextManager[None]]
FAULTS: dict[Fault, str] = {
    is_locked: "database is locked",
    is_full: "disk I/O error",
    is_read_only: "unable to open database file|readonly database",
    is_cut_short: "malformed; put a copy of it in its place",
    is_emptied: "it has been emptied, or is no store; put a copy of it in its place",
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_while_the_file_has_a_fault_writes_say_so_and_all_else_goes_on(stack: Stack, fault: Fault) -> None:
    told = stack.logged(GONE), stack.logged(BACK)
    async with stack.load() as load:
        with fault(stack):
            assert await stack.write("q") == 503
            await until(stack.is_degraded, "it is told")
            document = (await stack.health())["store"]
            assert re.search(FAULTS[fault], document["errors"][0])
            assert document["since"].endswith("Z")
            assert (await stack.call("DELETE", names.PIPELINES_PATH + "/p"))[0] == 503
            # What is asked for is what was last known.
            assert await stack.named(names.PIPELINES_PATH, "name") == ["p"]
            assert (await stack.call("GET", names.PIPELINES_PATH + "/p"))[1]["state"] == "ready"
            assert (await stack.call("GET", names.PIPELINES_PATH + "/q"))[0] == 404
            assert await stack.named(names.INSTANCES_PATH, "id") == ["a-1"]
            await load.answers(100)
        await until(stack.is_well, "it is well again")
        assert await stack.write("q") == 201
        await stack.until_answers("q")
        await stack.kept("p", "q")
        await load.answers(100)
    assert load.failures == []
    # Where no file can be written, the log is none the less.
    assert (stack.logged(GONE), stack.logged(BACK)) == (told[0] + (fault is not is_full), told[1] + 1)


@pytest.mark.parametrize("fault", [is_locked, is_read_only], ids=lambda fault: fault.__name__)
async def test_a_manager_that_starts_while_the_file_cannot_be_written_serves_what_can_be_read(
    stack: Stack, fault: Fault
) -> None:
    async with stack.load() as load:
        await stack.kill_manager()
        with fault(stack):
            await stack.mesh.start_manager()
            assert await stack.write("q") == 503
            await until(stack.is_degraded, "it is told")
            status, pipelines, _ = await stack.call("GET", names.PIPELINES_PATH)
            assert status == (503 if fault is is_locked else 200), pipelines
            await load.answers(100)
        await until(stack.is_well, "it is well again")
        assert await stack.named(names.PIPELINES_PATH, "name") == ["p"]
        assert await stack.write("q") == 201
        await stack.until_answers("q")
    assert load.failures == []


async def test_a_write_before_the_file_has_been_read_keeps_nobody_from_reading_it(stack: Stack) -> None:
    await stack.kill_manager()
    with is_locked(stack):
        await stack.mesh.start_manager()
        await until(stack.is_degraded, "it waits before it tries again")

    async def is_written() -> bool:
        return await stack.write("q") == 201

    await until(is_written, "the file can be written")
    await stack.until_answers("q")
    await stack.until_answers("p")


async def ends_with_a_sentence(stack: Stack) -> str:
    """What a manager that cannot start says."""
    environment = {
        "CATENARY_LISTEN": stack.mesh.manager_url.removeprefix("http://"),
        "CATENARY_XDS": f"unix:{stack.mesh.folder / 'xds.sock'}",
        "CATENARY_STATE_DIR": str(stack.state),
    }
    child = await asyncio.create_subprocess_exec(
        sys.executable, *AsAUser.MANAGER, cwd=CHECKOUT, env=os.environ | environment, stderr=asyncio.subprocess.PIPE
    )
    _, said = await asyncio.wait_for(child.communicate(), 30)
    assert child.returncode == 2
    (sentence,) = said.decode().splitlines()
    return sentence


@contextlib.contextmanager
def is_no_folder(stack: Stack) -> Iterator[None]:
    away = stack.state.rename(stack.state.with_name("away"))
    stack.state.touch()
    try:
        yield
    finally:
        stack.state.unlink()
        away.rename(stack.state)


@contextlib.contextmanager
def is_secret(stack: Stack) -> Iterator[None]:
    mode = stack.file.stat().st_mode
    stack.file.chmod(0)
    try:
        yield
    finally:
        stack.file.chmod(mode)


MEND = "put a copy of it in its place, or move it away, with its -journal, to begin anew"
UNUSABLE: dict[Fault, str] = {
    is_cut_short: f"malformed; {MEND}",
    is_emptied: f"it has been emptied, or is no store; {MEND}",
    is_no_folder: "Not a directory: ",
    is_secret: "unable to open database file",
}


async def test_a_manager_that_cannot_read_its_file_does_not_start_and_begins_no_other(stack: Stack) -> None:
    async with stack.load() as load:
        await stack.kill_manager()
        for fault, words in UNUSABLE.items():
            with fault(stack):
                sentence = await ends_with_a_sentence(stack)
            assert f"the store {stack.file} cannot be opened: " in sentence
            assert words in sentence
        await stack.mesh.start_manager()
        await until(stack.is_well, "it is well again")
        assert await stack.named(names.PIPELINES_PATH, "name") == ["p"]
        await load.answers(100)
    assert load.failures == []


async def test_a_file_that_is_taken_away_is_written_anew_and_nothing_is_lost(stack: Stack) -> None:
    async with stack.load() as load:
        shutil.rmtree(stack.state)
        # Though nobody writes, it is noticed.
        await until(lambda: asyncio.to_thread(stack.file.exists), "the file is there again")
        assert await stack.write("q") == 201
        shutil.rmtree(stack.state)
        assert await stack.write("r") == 201
        await stack.kept("p", "q", "r")
        assert await stack.named(names.INSTANCES_PATH, "id") == ["a-1"]
        await load.answers(100)
    assert load.failures == []
    assert stack.logged("was taken away while it was in use: it is written anew") == 2


async def test_a_journal_that_was_left_behind_is_not_played_into_a_new_file(stack: Stack) -> None:
    await stack.kill_manager()
    with contextlib.closing(sqlite3.connect(stack.file, isolation_level=None)) as other:
        other.execute("PRAGMA synchronous = OFF")
        other.execute("PRAGMA cache_size = 1")
        other.execute("BEGIN IMMEDIATE")
        for number in range(2_000):
            other.execute("INSERT INTO entries VALUES (?, ?, 1)", (f"x{number}", b"x" * 200))
        journal = stack.file.with_name("manager.db-journal").read_bytes()
        other.execute("ROLLBACK")
    assert len(journal) > 1_000
    stack.file.with_name("manager.db-journal").write_bytes(journal)
    stack.file.unlink()
    await stack.mesh.start_manager()
    assert await stack.named(names.PIPELINES_PATH, "name") == []
    assert await stack.write("q") == 201
    await stack.kept("q")


async def test_a_damaged_file_that_is_moved_away_is_replaced_by_what_the_manager_knows(stack: Stack) -> None:
    async with stack.load() as load:
        os.truncate(stack.file, 0)
        assert await stack.write("q") == 503
        stack.file.unlink()
        await until(stack.is_well, "it is well again")
        assert await stack.write("q") == 201

        def is_stored() -> bool:
            with contextlib.closing(sqlite3.connect(stack.file)) as file:
                return file.execute("SELECT 1 FROM entries WHERE key = 'catenary/instances/a-1'").fetchone() is not None

        await until(lambda: asyncio.to_thread(is_stored), "the instance is written as well")
        await stack.kept("p", "q")
        await load.answers(100)
    assert load.failures == []


async def test_a_manager_that_is_killed_while_it_writes_has_every_write_that_it_confirmed(stack: Stack) -> None:
    confirmed, deleted = {"p"}, set[str]()
    numbers = itertools.count()
    goal = 0

    async def is_enough() -> bool:
        return len(confirmed) >= goal

    async def write() -> None:
        """Until the manager is gone: makes pipelines, and deletes every third."""
        with contextlib.suppress(aiohttp.ClientError):
            while True:
                name = f"n{next(numbers)}"
                if await stack.write(name) == 201:
                    confirmed.add(name)
                if int(name[1:]) % 3 == 0:
                    confirmed.discard(name)
                    if (await stack.call("DELETE", f"{names.PIPELINES_PATH}/{name}"))[0] == 200:
                        deleted.add(name)

    async with stack.load() as load:
        for _ in range(KILLS):
            goal = len(confirmed) + 10
            async with asyncio.TaskGroup() as writers:
                for _ in range(WRITERS):
                    writers.create_task(write())

                await until(is_enough, "many writes are confirmed")
                await stack.kill_manager()
            await stack.mesh.start_manager()
            there = set(await stack.named(names.PIPELINES_PATH, "name"))
            assert confirmed <= there
            assert not deleted & there
            # One that was under way may have been written, too, for each writer and each kill.
            assert len(there - confirmed) <= WRITERS * KILLS
    assert load.failures == []
