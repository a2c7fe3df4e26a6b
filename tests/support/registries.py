"""What tests of registries share: a registry that runs, and instances that listen and renew themselves."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from typing import Any

from mesh import until
from servers import ConsulAgent

from catenary.errors import Unavailable
from catenary.messages import Instance
from catenary.store.consul import ConsulStore
from catenary.store.consul_client import ConsulAccess, ConsulClient
from manager.registry import Registry
from manager.registry.agent import CheckTimes
from manager.registry.consul import ConsulRegistry
from manager.standing import Standing

LEASE_S = 1.0
TIMES = CheckTimes(interval_s=1.0, timeout_s=0.5, deregister_after_s=60)


@contextlib.asynccontextmanager
async def running(registry: Registry) -> AsyncIterator[None]:
    """Load `registry`, and let it run inside the block."""
    await registry.load()
    task = asyncio.create_task(registry.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


@contextlib.asynccontextmanager
async def consul_registry(
    url: str, standing: Standing | None = None, *, token: str = "", store: type[ConsulStore] = ConsulStore
) -> AsyncIterator[ConsulRegistry]:
    """A manager's registry over the agent at `url`, running."""
    async with ConsulClient(ConsulAccess(url, token)) as client:
        registry = ConsulRegistry(client, store(client), standing or Standing(), TIMES, LEASE_S)
        async with running(registry):
            yield registry


class Sidecar:
    """An instance that listens, answers GET with `status`, and renews itself until it dies."""

    def __init__(self, registry: Registry, instance: Instance, server: asyncio.Server) -> None:
        self.instance = instance
        self.registry = registry
        self.next: Registry | None = None
        """Of another manager, which is asked where `registry` refuses."""
        self.status = 200
        self._server = server
        self._renewing = asyncio.create_task(self._renew())

    @classmethod
    async def start(cls, registry: Registry, id_: str, service: str = "s", **fields: Any) -> Sidecar:
        """Returns when it serves."""
        server, address = await cls._listen(lambda: sidecar.status)
        instance = Instance.model_validate({"id": id_, "service": service, "address": address, **fields})
        sidecar = cls(registry, instance, server)
        try:
            await registry.renew(instance)
            await until(sidecar.serves, f"{id_} serves", 10)
        except BaseException:
            await sidecar.die()
            raise
        return sidecar

    async def serves(self) -> bool:
        return self.instance in self.registry.instances(self.instance.service)

    async def gone(self) -> bool:
        return self.instance.id not in [i.id for i in self.registry.instances()]

    async def move(self) -> None:
        """Listen at another address; it renews itself with that."""
        self._server.close()
        self._server, address = await self._listen(lambda: self.status)
        self.instance = self.instance.model_copy(update={"address": address})

    def deaf(self) -> None:
        """Listen no longer."""
        self._server.close()

    def mute(self) -> None:
        """Renew itself no longer."""
        self._renewing.cancel()

    async def die(self) -> None:
        self.mute()
        self.deaf()

    @staticmethod
    async def _listen(status: Any) -> tuple[asyncio.Server, str]:
        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            with contextlib.suppress(ConnectionError):
                if await reader.read(1):
                    writer.write(b"HTTP/1.1 %d Said\r\ncontent-length: 0\r\nconnection: close\r\n\r\n" % status())
                    await writer.drain()
            writer.close()

        server = await asyncio.start_server(answer, "127.0.0.1")
        return server, f"127.0.0.1:{server.sockets[0].getsockname()[1]}"

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(LEASE_S / 4)
            with contextlib.suppress(Unavailable):
                try:
                    await self.registry.renew(self.instance)
                except Unavailable:
                    if self.next is None:
                        raise
                    await self.next.renew(self.instance)


async def at_agent(agent: ConsulAgent) -> dict[str, Any]:
    async with agent.request("GET", "/v1/agent/services") as answer:
        return dict(await answer.json())


async def in_kv(agent: ConsulAgent) -> list[str]:
    async with agent.request("GET", "/v1/kv/catenary/instances/?keys") as answer:
        return [] if answer.status == 404 else list(await answer.json())


@contextlib.contextmanager
def never_without(registry: ConsulRegistry, *ids: str) -> Iterator[None]:
    """Inside the block, endpoints of `ids` are never given up, be it for a moment."""
    missed = []

    def look() -> None:
        if missing := set(ids) - {i.id for i in registry.instances()}:
            missed.append(missing)

    registry.changed = look
    yield
    look()
    assert missed == []
