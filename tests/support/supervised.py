"""A real manager, and supervisors as processes of their own: for tests of what an instance's life is like."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from mesh import Process, until
from processes import descendants

from catenary import names
from catenary.address import free_port

Supervise = Callable[..., Awaitable["Supervised"]]

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
_APP = Path(__file__).with_name("supervised_app.py")


class World:
    """An async context: a manager and its API, and a folder that is short enough for sockets."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="catenary-test-", dir="/tmp"))
        self.manager_url = f"http://127.0.0.1:{free_port()}"
        self.manager: Process | None = None
        self.count = 0
        """Of supervisors: each has a service and a folder of its own."""

    async def __aenter__(self) -> Self:
        self.http = aiohttp.ClientSession()
        await self.start_manager()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.manager:
            await self.manager.stop()
        await self.http.close()
        shutil.rmtree(self.folder)

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

    async def text(self, method: str, url: str) -> str:
        async with self.http.request(method, url) as answer:
            text = await answer.text()
            assert answer.status == 200, text
            return text

    async def pipeline(self, name: str, *chain: str | dict[str, Any], **fields: Any) -> None:
        """Create or replace a pipeline."""
        pipeline = {"name": name, "chain": list(chain), **fields}
        async with self.http.post(self.manager_url + names.PIPELINES_PATH, json=pipeline) as answer:
            assert answer.status in (200, 201), await answer.text()


class Supervised:
    """A supervisor with what it supervises; `say` changes what the app of these tests says of itself."""

    def __init__(self, world: World) -> None:
        world.count += 1
        self.world = world
        self.service = f"serving-test{world.count}"
        self.name = str(world.count)
        """Its folder's name, and the version that it registers with."""
        self.run_dir = world.folder / self.name
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
            "instance_version": self.name,
        } | settings
        self.process = await Process.start(
            [sys.executable, "-c", _SUPERVISE, *(command or [sys.executable, str(_APP), str(self.state)])],
            self.run_dir / "log",
            **{f"CATENARY_{name.upper()}": value for name, value in environment.items()},
        )

    def say(self, status: int = 200, **state: Any) -> None:
        # Renamed into place, so that the app never reads half of it.
        new = self.state.with_suffix(".new")
        new.write_text(json.dumps({"status": status, **state}))
        new.rename(self.state)

    def asked(self, path: str) -> list[float]:
        """When the app was asked for `path`, on the system's monotonic clock."""
        file = self.state.with_suffix(".asked")
        lines = [line.split() for line in file.read_text().splitlines()] if file.exists() else []
        return [float(when) for asked, when in lines if asked == path]

    async def until_asked(self, path: str, times: int = 1) -> None:
        """Returns when the app has been asked for `path` so often."""

        async def is_asked() -> bool:
            return len(self.asked(path)) >= times

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

    async def is_in(self) -> bool:
        """Whether the registry has it, by the version that it registers with by default."""
        return self.name in [instance["version"] for instance in await self.instances()]

    async def until_in(self) -> None:
        await until(self.is_in, f"{self.name} of {self.service} in the registry; {self.log}")

    async def until_out(self) -> float:
        """The seconds until the registry has it no more."""
        begun = time.monotonic()

        async def is_out() -> bool:
            return not await self.is_in()

        await until(is_out, f"{self.name} of {self.service} out of the registry; {self.log}")
        return time.monotonic() - begun

    async def release(self) -> None:
        """Let the app answer those that asked `/hold`."""
        (address,) = [i["address"] for i in await self.instances() if i["version"] == self.name]
        await self.world.text("GET", f"http://{address}/release")

    def signal(self, process: str, number: int) -> None:
        """Send a signal to the `supervisor`, or to one of those that `processes` names."""
        os.kill(self.process.child.pid if process == "supervisor" else self.processes()[process], number)

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
        for pid in descendants(self.process.child.pid)[1:]:
            command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            kinds = {"reaper": b"reaper", "worker": b"import signal; signal.pause()", "envoy": b"--config-path"}
            found[next((kind for kind, word in kinds.items() if word in command), "app")] = pid
        return found


@contextlib.asynccontextmanager
async def supervisors(world: World) -> AsyncIterator[Supervise]:
    """Starts supervisors of the tests' app, whose health has `status`, or of `command`; the keywords are settings.

    What still runs at the end of the block is killed.
    """
    async with contextlib.AsyncExitStack() as stack:

        async def start(command: list[str] | None = None, status: int = 200, **settings: str) -> Supervised:
            supervised = Supervised(world)
            supervised.say(status=status)
            await supervised.start(command, settings)
            stack.push_async_callback(supervised.process.stop, signal.SIGKILL)
            return supervised

        yield start
