"""The controller: what is stored and who is registered becomes a topology, and the Envoys get it."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import MappingProxyType

from catenary import names
from catenary.address import TcpAddress
from catenary.errors import CatenaryError, Unavailable
from catenary.messages import Instance, Limits, Pipeline
from catenary.store import Store
from manager import topology
from manager.ads import AdsServer
from manager.catalog import Catalog
from manager.metrics import ManagerMetrics
from manager.pipelines import PIPELINES, PipelineBook, StoredPipeline
from manager.readiness import Readiness, Wait, waits
from manager.registry import Registry, nobody
from manager.standing import Standing


@dataclass(frozen=True, slots=True)
class _Taken:
    """A pipeline as it was read, in the units of the wire, and the generation that first had it."""

    stored: StoredPipeline
    resolved: topology.Pipeline
    generation: int


class Controller:
    """The one writer of pipelines and instances in this process."""

    def __init__(
        self,
        store: Store,
        registry: Registry,
        standing: Standing,
        ads: AdsServer,
        metrics: ManagerMetrics,
        *,
        acknowledge_s: float,
    ) -> None:
        self.registry = registry
        self.standing = standing
        self.catalog = Catalog(lambda: registry.addresses(names.REPOSITORY))
        self.ads = ads
        self.changed: Callable[[], object] = nobody
        """Called when other pipelines or instances are in force; set by the one who follows."""
        self.loaded = asyncio.Event()
        """Set when store and registry have been read: before, nothing is known, and gateways are told nothing."""
        self._metrics = metrics
        self._store = store
        self._book = PipelineBook(store, registry.write_anew)
        self._acknowledge_s = acknowledge_s
        self._taken: dict[str, _Taken] = {}
        self._published: list[StoredPipeline] | None = None
        self._generation = 0
        self._repositories: tuple[TcpAddress, ...] | None = None
        self._publishing = asyncio.Lock()
        registry.changed = self._publish

    async def run(self) -> None:
        """Read store and registry as soon as that can be done; then follow them and the repository, until cancelled."""
        await self.standing.keep("start", self._load)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self.standing.keep("pipelines", self._follow_store), name="store")
            tasks.create_task(self.registry.run(), name="registry")
            tasks.create_task(self.catalog.follow(), name="catalog")

    def instances(self) -> list[Instance]:
        """Raises Unavailable where they are not known yet."""
        if not self.loaded.is_set():
            raise Unavailable("the instances are not known yet: the store has not been read")
        return self.registry.instances()

    async def pipelines(self) -> list[StoredPipeline]:
        return await self._book.all()

    async def pipeline(self, name: str) -> StoredPipeline:
        return await self._book.get(name)

    def pipeline_count(self) -> int | None:
        """None: not known yet."""
        return len(self._taken) if self.loaded.is_set() else None

    def in_force(self, stored: StoredPipeline) -> bool:
        """Whether every gateway that is connected to this manager has taken in this pipeline, or a newer one."""
        taken = self._taken.get(stored.pipeline.name)
        return taken is not None and taken.stored.revision >= stored.revision and self.ads.has_taken(taken.generation)

    def states(self) -> Counter[str]:
        """How many pipelines are ready, waiting and pending; as `in_force` and `waits` would say of each."""
        taken, readiness = self.ads.taken(), Readiness(self.registry)
        states = Counter[str]()
        for one in self._taken.values():
            if one.generation > taken:
                states["pending"] += 1
            else:
                states["ready" if readiness.of(one.stored.pipeline) else "waiting"] += 1
        return states

    def waits(self, pipeline: Pipeline) -> list[Wait]:
        return waits(pipeline, self.registry, self.catalog)

    async def put_pipeline(self, pipeline: Pipeline, expect: int | None) -> tuple[StoredPipeline, bool, bool]:
        """The stored pipeline, whether it is new, and whether the gateways have taken it in; they had their time to."""
        with self._refusals():
            stored, created = await self._book.put(pipeline, expect)
        return stored, created, await self._written()

    async def delete_pipeline(self, name: str, expect: int | None) -> bool:
        """Whether every gateway has taken it in. Raises NotFound."""
        with self._refusals():
            await self._book.delete(name, expect)
        return await self._written()

    async def renew(self, instance: Instance) -> None:
        await self.registry.renew(instance)

    async def leave(self, instance_id: str) -> bool:
        """Whether there was such an instance; gateways of this manager that answer in time send it nothing
        more once this returns."""
        left = await self.registry.leave(instance_id)
        if left:
            await self._taken_in()
        return left

    def _refusals(self) -> AbstractContextManager[object]:
        return self._metrics.writes.labels("refused").count_exceptions(CatenaryError)

    async def _written(self) -> bool:
        """Publish what has been written; whether the gateways have taken it in."""
        await self._publish_write()
        in_force = await self._taken_in()
        self._metrics.writes.labels("in_force" if in_force else "pending").inc()
        return in_force

    async def _taken_in(self) -> bool:
        return await self.ads.acknowledged(self._generation, self._acknowledge_s)

    async def _load(self) -> None:
        await self.registry.load()
        pipelines = await self._book.read()
        self.loaded.set()
        self._publish_pipelines(pipelines)
        self.standing.well("start")

    async def _publish_write(self) -> None:
        """Publish what has been written, even if the store has gone away since."""
        async with self._publishing:
            try:
                pipelines = await self._book.read()
            except Unavailable:
                pipelines = self._book.last_known()
            self._publish_pipelines(pipelines)

    def _publish_pipelines(self, pipelines: list[StoredPipeline]) -> None:
        """Publish them unless they have been: a write is published by who wrote, and seen again by who follows."""
        if not self.loaded.is_set() or pipelines == self._published:
            return
        before, next_generation = self._taken, self._generation + 1
        self._taken = {}
        for stored in pipelines:
            known = before.get(stored.pipeline.name)
            if known is None or known.stored is not stored:
                known = _Taken(stored, _resolved(stored.pipeline), next_generation)
            self._taken[stored.pipeline.name] = known
        self._publish()
        self._published = pipelines

    def _publish(self) -> None:
        if not self.loaded.is_set():
            return
        pipelines = tuple(taken.resolved for taken in self._taken.values())
        named = {step.service for pipeline in pipelines for step in pipeline.steps}
        services = sorted(named | {instance.service for instance in self.registry.instances()})
        endpoints = {service: self.registry.addresses(service) for service in services}
        if endpoints.get(names.REPOSITORY) != self._repositories:
            self._repositories = endpoints.get(names.REPOSITORY)
            self.catalog.repositories_changed()
        self._generation = self.ads.publish(topology.Topology(pipelines, MappingProxyType(endpoints)))
        self.changed()

    async def _follow_store(self) -> None:
        async for _ in self._store.watch(PIPELINES):
            async with self._publishing:
                self._publish_pipelines(await self._book.read())
            self.standing.well("pipelines")


def _resolved(pipeline: Pipeline) -> topology.Pipeline:
    """The pipeline in the units of the wire."""
    return topology.Pipeline(
        pipeline.name,
        tuple(
            topology.Step(step.service, step.model, _milliseconds(step.timeout_s or 0), step.retries)
            for step in pipeline.chain
        ),
        _milliseconds(pipeline.timeout_s),
        _limits(pipeline.limits) if pipeline.limits else None,
        pipeline.transportType,
    )


def _limits(limits: Limits) -> topology.Limits:
    client = limits.per_client
    return topology.Limits(
        _rate(limits.requests_per_s, limits.burst) if limits.requests_per_s else None,
        _rate(client.requests_per_s, client.burst) if client else None,
        (client and client.header) or "",
        limits.concurrent_requests,
    )


def _rate(requests_per_s: float, burst: int | None) -> topology.Rate:
    return topology.Rate(requests_per_s, burst or math.ceil(requests_per_s))


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000)) if seconds else 0
