"""A real manager, and supervisors as processes of their own."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from mesh import Process, until

from catenary import names
from catenary.address import free_port

# As the command line does it: a SetupError is a sentence and the exit status 2.
_SUPERVISE = """
import sys
from catenary.errors import SetupError
from catenary.settings import read_settings
from catenary.sidecar import SidecarSettings, run
try:
    sys.exit(run(read_settings(SidecarSettings), sys.argv[1:]))
except SetupError as error:
    print(error, file=sys.stderr)
    sys.exit(2)
"""
_APP = Path(__file__).with_name("app.py")


class World:
    """A manager and its API, and a folder that is short enough for sockets."""

    def __init__(self, http: aiohttp.ClientSession) -> None:
        self.http = http
        self.folder = Path(tempfile.mkdtemp(prefix="catenary-test-", dir="/tmp"))
        self.manager_url = f"http://127.0.0.1:{free_port()}"
        self.manager: Process | None = None
        self.count = 0
        """Of supervisors: each has a service and a folder of its own."""

    async def start_manager(self) -> None:
        self.manager = await Process.start(
            [sys.executable, "-m", "manager"],
            self.folder / "manager.log",
            CATENARY_LISTEN=self.manager_url.removeprefix("http://"),
            CATENARY_XDS=f"unix:{self.folder}/xds.sock",
            CATENARY_STATE_DIR=str(self.folder / "state"),
            CATENARY_LEASE_S="2",
        )

        async def answers() -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                return bool(await self.get(self.manager_url + names.HEALTH_PATH))
            return False

        await until(answers, f"the manager answers: {self.manager.log.read_text()}")

    async def get(self, url: str) -> Any:
        async with self.http.get(url) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json(content_type=None)


class Supervised:
    """A supervisor with what it supervises; `say` changes what the app of these tests says of itself."""

    def __init__(self, world: World) -> None:
        world.count += 1
        self.world = world
        self.service = f"serving-test{world.count}"
        self.run_dir = world.folder / str(world.count)
        self.run_dir.mkdir()
        self.state = self.run_dir / "state.json"
        self.process: Process

    async def start(self, command: list[str] | None, settings: dict[str, str]) -> None:
        self.service = settings.get("service", self.service)
        environment = {
            "manager": self.world.manager_url,
            "xds": f"unix:{self.world.folder}/xds.sock",
            "run_dir": str(self.run_dir),
            "service": self.service,
        } | settings
        self.process = await Process.start(
            [sys.executable, "-c", _SUPERVISE, *(command or [sys.executable, str(_APP), str(self.state)])],
            self.run_dir / "log",
            **{f"CATENARY_{name.upper()}": value for name, value in environment.items()},
        )

    def say(self, **state: Any) -> None:
        # Renamed into place, so that the app never reads half of it.
        new = self.state.with_suffix(".new")
        new.write_text(json.dumps(state))
        new.rename(self.state)

    async def until_asked(self, path: str, times: int = 1) -> None:
        """Returns when the app has been asked for `path` so often."""
        file = self.state.with_suffix(".asked")

        async def is_asked() -> bool:
            return file.exists() and file.read_text().splitlines().count(path) >= times

        await until(is_asked, f"{path} asked {times} times; {self.log}")

    async def instances(self) -> list[dict[str, Any]]:
        """Of its service, as the manager shows them."""
        found = await self.world.get(self.world.manager_url + names.INSTANCES_PATH)
        return [instance for instance in found if instance["service"] == self.service]

    def folders(self) -> list[Path]:
        """The private folders that the supervisor has made and not removed."""
        return list(self.run_dir.glob("catenary-*"))

    async def until_registered(self, matching: Callable[[dict[str, Any]], bool] = bool) -> dict[str, Any]:
        """The instance as the manager shows it, once it does and is as `matching` wants it."""
        found: list[dict[str, Any]] = []

        async def is_there() -> bool:
            found[:] = [i for i in await self.instances() if matching(i)]
            return bool(found)

        await until(is_there, f"{self.service} registered; {self.log}")
        return found[0]

    async def until_gone(self) -> None:
        """Returns when the manager knows no instance of it any more."""

        async def is_gone() -> bool:
            return not await self.instances()

        await until(is_gone, f"{self.service} left; {self.log}")

    async def ended(self, timeout_s: float = 20.0) -> int:
        """Its exit status, once it has ended; negative after a signal."""
        async with asyncio.timeout(timeout_s):
            return await self.process.child.wait()

    def terminate(self) -> None:
        self.process.child.send_signal(signal.SIGTERM)

    @property
    def log(self) -> str:
        return self.process.log.read_text()

    def processes(self) -> dict[str, int]:
        """The pids of all that descends from the supervisor: `envoy`, `app`, the app's `worker`, the `reaper`."""
        found = {}
        for pid in _descendants(self.process.child.pid):
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            kinds = {"reaper": b"reaper", "worker": b"import signal; signal.pause()", "app": str(_APP).encode()}
            found[next((kind for kind, word in kinds.items() if word in command), "envoy")] = pid
        return found


Supervise = Callable[..., Awaitable[Supervised]]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    async with aiohttp.ClientSession() as http:
        world = World(http)
        try:
            await world.start_manager()
            yield world
        finally:
            if world.manager:
                await world.manager.stop()
            shutil.rmtree(world.folder)


@pytest_asyncio.fixture(loop_scope="module")
async def supervise(world: World) -> AsyncIterator[Supervise]:
    """Starts a supervisor of the test's app, whose health has `status`, or of `command`; the keywords are settings."""
    async with contextlib.AsyncExitStack() as stack:

        async def start(command: list[str] | None = None, status: int = 200, **settings: str) -> Supervised:
            supervised = Supervised(world)
            supervised.say(status=status)
            await supervised.start(command, settings)
            stack.push_async_callback(supervised.process.stop, signal.SIGKILL)
            return supervised

        yield start


@pytest.fixture
def is_alive() -> Callable[[int], bool]:
    """Whether a process runs; one that has ended and waits to be collected does not."""

    def check(pid: int) -> bool:
        with contextlib.suppress(OSError):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
        return False

    if not Path("/proc/self").is_dir():
        pytest.skip("looks at processes in /proc, which this system does not have")
    return check


def _descendants(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()
    children = [int(child) for task in tasks for child in (task / "children").read_text().split()]
    return children + [other for child in children for other in _descendants(child)]
