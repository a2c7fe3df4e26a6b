"""The controller: what is stored and who is registered becomes a topology, and the Envoys get it."""

from __future__ import annotations

import asyncio
import logging
from types import MappingProxyType

from catenary import names
from catenary.address import TcpAddress
from catenary.errors import Unavailable
from catenary.messages import Instance, Pipeline
from catenary.store import Store
from manager import topology
from manager.ads import AdsServer
from manager.catalog import Catalog
from manager.pipelines import PIPELINES, PipelineBook, StoredPipeline
from manager.readiness import Wait, waits
from manager.registry import Registry

log = logging.getLogger(__name__)


class Controller:
    """The one writer of pipelines and instances in this process."""

    def __init__(self, store: Store, ads: AdsServer, *, lease_s: float, acknowledge_s: float) -> None:
        self.registry = Registry(store, lease_s)
        self.catalog = Catalog(lambda: self.registry.addresses(names.REPOSITORY))
        self.ads = ads
        self._store = store
        self._book = PipelineBook(store)
        self._acknowledge_s = acknowledge_s
        self._pipelines: tuple[topology.Pipeline, ...] = ()
        self._written: dict[str, int] = {}
        """The generation of each pipeline's last write through this manager."""
        self._repositories: tuple[TcpAddress, ...] | None = None
        self._publishing = asyncio.Lock()

    async def load(self) -> None:
        """Read store and registry; the first snapshot is built from both."""
        await self.registry.load()
        await self._publish_pipelines()

    async def run(self) -> None:
        """Follow store, leases and repository until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._follow_store(), name="store")
            tasks.create_task(self._follow_leases(), name="leases")
            tasks.create_task(self.registry.keep_saved(), name="registry")
            tasks.create_task(self.catalog.follow(), name="catalog")

    async def pipelines(self) -> list[StoredPipeline]:
        return await self._book.all()

    async def pipeline(self, name: str) -> StoredPipeline:
        return await self._book.get(name)

    def in_force(self, name: str) -> bool:
        """Whether every connected gateway has taken in the last write of the pipeline `name`."""
        return self.ads.has_taken(self._written.get(name, 0))

    def waits(self, pipeline: Pipeline) -> list[Wait]:
        return waits(pipeline, self.registry, self.catalog)

    async def put_pipeline(self, pipeline: Pipeline, expect: int | None) -> tuple[StoredPipeline, bool]:
        """The stored pipeline and whether it is new, when the gateways have taken it in or had their time to."""
        stored, created = await self._book.put(pipeline, expect)
        generation = await self._publish_pipelines()
        self._written[pipeline.name] = generation
        await self._in_force(generation)
        return stored, created

    async def delete_pipeline(self, name: str, expect: int | None) -> bool:
        """Whether every gateway has taken it in. Raises NotFound."""
        await self._book.delete(name, expect)
        self._written.pop(name, None)
        return await self._in_force(await self._publish_pipelines())

    async def renew(self, instance: Instance) -> None:
        if self.registry.renew(instance):
            self._publish()

    async def leave(self, instance_id: str) -> bool:
        """Whether there was such an instance; gateways that answer in time send it nothing more once this returns."""
        left = self.registry.leave(instance_id)
        if left:
            await self._in_force(self._publish())
        return left

    async def _in_force(self, generation: int) -> bool:
        return await self.ads.acknowledged(generation, self._acknowledge_s)

    async def _publish_pipelines(self) -> int:
        async with self._publishing:
            self._pipelines = tuple(_resolved(stored.pipeline) for stored in await self._book.all())
            return self._publish()

    def _publish(self) -> int:
        named = {step.service for pipeline in self._pipelines for step in pipeline.steps}
        services = sorted(named | {instance.service for instance in self.registry.instances()})
        endpoints = {service: self.registry.addresses(service) for service in services}
        if endpoints.get(names.REPOSITORY) != self._repositories:
            self._repositories = endpoints.get(names.REPOSITORY)
            self.catalog.repositories_changed()
        return self.ads.publish(topology.Topology(self._pipelines, MappingProxyType(endpoints)))

    async def _follow_store(self) -> None:
        while True:
            try:
                async for _ in self._store.watch(PIPELINES):
                    await self._publish_pipelines()
            except Unavailable as error:
                log.warning("%s", error)
                await asyncio.sleep(error.retry_after_s)

    async def _follow_leases(self) -> None:
        while True:
            await asyncio.sleep(self.registry.lease_s / 10)
            if self.registry.expire():
                self._publish()


def _resolved(pipeline: Pipeline) -> topology.Pipeline:
    """The pipeline in the units of the wire."""
    return topology.Pipeline(
        pipeline.name,
        tuple(
            topology.Step(step.service, step.model, _milliseconds(step.timeout_s or 0), step.retries)
            for step in pipeline.chain
        ),
        _milliseconds(pipeline.timeout_s),
    )


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000)) if seconds else 0
