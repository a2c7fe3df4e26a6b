"""A mesh for tests: the real manager, the real gateway and real sidecar Envoys, with steps that a test writes itself.

The steps are handlers in the test's own loop, each behind an Envoy of its own; everything else runs as a process.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import Any, ClassVar, Self

import aiohttp
from aiohttp import web

from catenary import names
from catenary.address import TcpAddress, UnixAddress, free_port, parse_address
from catenary.logs import LogFormat
from catenary.node import Node
from catenary.sidecar.bootstrap import bootstrap, envoy_command
from catenary.sidecar.envoy_binary import find_envoy

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

START_S = 30
CHECKOUT = Path(__file__).resolve().parents[2]


async def until(reached: Callable[[], Awaitable[bool]], what: str, timeout_s: float = START_S) -> None:
    """Poll `reached` until it is true; fails naming `what`."""
    end = asyncio.get_running_loop().time() + timeout_s
    while not await reached():
        assert asyncio.get_running_loop().time() < end, f"not within {timeout_s} s: {what}"
        await asyncio.sleep(0.02)


class Process:
    """A child that dies with the mesh; its output goes to `log`."""

    def __init__(self, child: asyncio.subprocess.Process, log: Path) -> None:
        self.child = child
        self.log = log

    @classmethod
    async def start(cls, command: list[str], log: Path, **environment: str) -> Process:
        with log.open("ab") as output:
            child = await asyncio.create_subprocess_exec(
                *command, stdout=output, stderr=output, cwd=CHECKOUT, env=os.environ | environment
            )
        return cls(child, log)

    async def stop(self, number: int = signal.SIGTERM) -> None:
        if self.child.returncode is None:
            self.child.send_signal(number)
            try:
                await asyncio.wait_for(self.child.wait(), 10)
            except TimeoutError:
                self.child.kill()
        await self.child.wait()


class Step:
    """One instance of a service: a handler in this loop behind a real Envoy, on a lease that is renewed."""

    def __init__(self, mesh: Mesh, node: Node) -> None:
        self.node = node
        self._mesh = mesh
        self._stack = contextlib.AsyncExitStack()
        self.envoy: Process | None = None
        self.models: list[dict[str, Any]] | None = None

    async def start(self, handler: Handler | None) -> None:
        if handler is not None:
            app = web.Application(client_max_size=1 << 30)
            app.router.add_route("*", "/{path:.*}", handler)
            runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
            await runner.setup()
            self._stack.push_async_callback(runner.cleanup)
            assert isinstance(self.node.app, UnixAddress)
            await web.UnixSite(runner, self.node.app.path).start()
        self.envoy = await self._mesh.start_envoy(self.node)
        self._stack.push_async_callback(self.envoy.stop)
        await self._mesh.until_open(self.node.listen)
        await self.renew()
        renewing = asyncio.create_task(self._keep())
        self._stack.callback(renewing.cancel)

    async def renew(self) -> None:
        instance = {"id": self.node.id, "service": self.node.service, "address": str(self.node.listen)}
        await self._mesh.register({**instance, "models": self.models})

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(0.5)
            # As a sidecar does: while the manager is away, or refuses, it tries again.
            with contextlib.suppress(aiohttp.ClientError, AssertionError):
                await self.renew()

    async def vanish(self) -> None:
        """Stop everything without a word to the registry."""
        await self._stack.aclose()


class Mesh:
    """`async with Mesh() as mesh`: a manager and a gateway; steps and pipelines are added by the test.

    `manager_settings`: more of the manager's environment.
    """

    MANAGER: ClassVar = ["-m", "manager"]
    """What Python runs as the manager."""

    def __init__(
        self,
        *,
        body_bytes: int = names.DEFAULT_BODY_BYTES,
        lease_s: float = 2.0,
        access_log: LogFormat | None = None,
        **manager_settings: str,
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="catenary-test-", dir="/tmp"))
        self.body_bytes = body_bytes
        self.access_log = access_log
        self.manager_settings = {"CATENARY_LEASE_S": str(lease_s), **manager_settings}
        self.manager_url = f"http://127.0.0.1:{free_port()}"
        self.gateway_url = ""
        self.manager: Process | None = None
        self.gateway: Process | None = None
        self.session: aiohttp.ClientSession
        self._stack = contextlib.AsyncExitStack()
        self._steps = 0

    async def __aenter__(self) -> Self:
        self._stack.callback(shutil.rmtree, self.folder)
        self.session = await self._stack.enter_async_context(aiohttp.ClientSession())
        self._stack.push_async_callback(self._stop_processes)
        await self.start_manager()
        app = UnixAddress(str(self.folder / "gateway.sock"))
        listen = TcpAddress("127.0.0.1", free_port())
        node = Node("gateway-1", "gateway", "gateway", listen, app, self.body_bytes, access_log=self.access_log)
        self.gateway_url = f"http://{node.listen}"
        self._gateway_app = await Process.start(
            [sys.executable, "-m", "gateway"],
            self.folder / "gateway.log",
            CATENARY_LISTEN=str(app),
            CATENARY_MANAGER=self.manager_url,
        )
        self.gateway = await self.start_envoy(node)
        await self.until_answers(self.gateway_url + names.HEALTH_PATH)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.aclose()

    async def start_manager(self) -> None:
        self.manager = await Process.start(
            [sys.executable, *self.MANAGER],
            self.folder / "manager.log",
            CATENARY_LISTEN=self.manager_url.removeprefix("http://"),
            CATENARY_XDS=f"unix:{self.folder / 'xds.sock'}",
            CATENARY_STATE_DIR=str(self.folder / "state"),
            **self.manager_settings,
        )
        await self.until_answers(self.manager_url + names.HEALTH_PATH)

    async def start_envoy(self, node: Node) -> Process:
        file = self.folder / f"{node.id}.json"
        xds = parse_address(f"unix:{self.folder / 'xds.sock'}")
        file.write_text(json.dumps(bootstrap(node, [xds], self.folder / f"{node.id}.admin")))
        process = await Process.start(envoy_command(find_envoy(), file, node, "text"), self.folder / f"{node.id}.log")
        self._stack.push_async_callback(process.stop)
        return process

    async def step(
        self,
        service: str,
        handler: Handler | None,
        *,
        listen: TcpAddress | None = None,
        models: list[dict[str, Any]] | None = None,
    ) -> Step:
        """A new instance of `service`, in the registry when this returns; without a handler a test brings its app."""
        self._steps += 1
        app = UnixAddress(str(self.folder / f"{self._steps}.sock"))
        listen = listen or TcpAddress("127.0.0.1", free_port())
        step = Step(self, Node(f"{service}-{self._steps}", service, "sidecar", listen, app, self.body_bytes))
        step.models = models
        await step.start(handler)
        self._stack.push_async_callback(step.vanish)
        return step

    async def register(self, instance: dict[str, Any]) -> None:
        url = f"{self.manager_url}{names.INSTANCES_PATH}/{instance['id']}"
        async with self.session.put(url, json=instance) as answer:
            assert answer.status == 200, await answer.text()

    def on_exit(self, stop: Callable[[], Awaitable[None]]) -> None:
        """Await `stop()` when the mesh ends, before what was there earlier."""
        self._stack.push_async_callback(stop)

    async def pipeline(self, name: str, *chain: str | dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Create or replace a pipeline; the manager's answer."""
        body = {"name": name, "chain": list(chain), **fields}
        async with self.session.post(self.manager_url + names.PIPELINES_PATH, json=body) as answer:
            document: dict[str, Any] = await answer.json()
            assert answer.status in (200, 201), document
            return document

    def serve_url(self, pipeline: str) -> str:
        return f"{self.gateway_url}{names.SERVE_PATH}/{pipeline}"

    async def until_open(self, address: TcpAddress) -> None:
        async def is_open() -> bool:
            try:
                _, writer = await asyncio.open_connection(address.host, address.port)
            except OSError:
                return False
            writer.close()
            return True

        await until(is_open, f"{address} open")

    async def until_answers(self, url: str) -> None:
        async def answers() -> bool:
            try:
                async with self.session.get(url) as answer:
                    return answer.status == 200
            except aiohttp.ClientError:
                return False

        await until(answers, f"{url} answers; logs in {self.folder}")

    async def _stop_processes(self) -> None:
        for process in (self._gateway_app, self.manager):
            if process:
                await process.stop()
