"""A mesh whose steps do nothing: each echoes what it is sent, as a process of its own behind an Envoy of its own."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "support"), str(HERE.parent)]

import aiohttp
from mesh import Mesh, Process, until
from rounds import ROWS, Fault

from catenary.address import TcpAddress, UnixAddress, free_port
from catenary.logs import LogFormat
from catenary.node import Node

LEASE_S = 300
"""The longest that the manager gives, so that renewing is nothing that is measured."""


@dataclass(frozen=True)
class Echo:
    """A service: its one instance's address behind the sidecar, and the app's own on the loopback."""

    service: str
    instance: dict[str, Any]
    straight_url: str
    app: int
    """A process, as the next one."""
    sidecar: int


class EchoMesh(Mesh):
    """`async with EchoMesh() as mesh`; its services are made with `echo`."""

    def __init__(self, *, access_log: LogFormat | None = None) -> None:
        super().__init__(lease_s=LEASE_S, access_log=access_log)
        self.body = self.folder / "body"
        self.body.write_bytes(ROWS)
        self._instances: list[dict[str, Any]] = []

    async def __aenter__(self) -> Self:
        await super().__aenter__()
        renewing = asyncio.create_task(self._renew(), name="renew")
        self._stack.callback(renewing.cancel)
        return self

    async def echo(self, service: str, *, by_loopback: bool = False) -> Echo:
        """A new service. Its Envoy reaches the app by a Unix socket, or by the loopback."""
        socket = UnixAddress(str(self.folder / f"{service}.sock"))
        straight = TcpAddress("127.0.0.1", free_port())
        app = await self.start([str(HERE / "step.py"), str(socket.path), str(straight.port)])
        listen = TcpAddress("127.0.0.1", free_port())
        behind = straight if by_loopback else socket
        envoy = await self.start_envoy(Node(service, service, "sidecar", listen, behind, self.body_bytes))
        await self.until_open(straight)
        await self.until_open(listen)
        instance = {"id": service, "service": service, "address": str(listen)}
        await self.join(instance)
        return Echo(service, instance, f"http://{straight}/", app.child.pid, envoy.child.pid)

    async def join(self, instance: dict[str, Any]) -> None:
        """Take an instance into the registry and keep it there; it may be another mesh's."""
        await self.register(instance)
        self._instances.append(instance)

    async def start(self, command: list[str], **environment: str) -> Process:
        """A Python script, or a module after `-m`, that ends with the mesh."""
        log = self.folder / f"{Path(command[command[0] == '-m']).name}.log"
        process = await Process.start([sys.executable, *command], log, **environment)
        self.on_exit(process.stop)
        return process

    async def ask(self, url: str, body: bytes = ROWS) -> aiohttp.ClientResponse:
        """The answer, which has been read; Fault if it is not what was sent."""
        async with self.session.post(url, data=body, headers={"content-type": "application/json"}) as answer:
            said = await answer.read()
            if answer.status != 200 or said != body:
                raise Fault(f"{url} answered {answer.status}: {said[:500]!r}")
            return answer

    async def until_echoes(self, url: str) -> None:
        """Wait until gateways know of the steps: an instance that joins does not wait for that."""

        async def echoes() -> bool:
            with contextlib.suppress(Fault):
                await self.ask(url)
                return True
            return False

        await until(echoes, f"{url} echoes")

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 3)
            for instance in self._instances:
                with contextlib.suppress(aiohttp.ClientError):
                    await self.register(instance)
