"""The ADS server: state-of-the-world xDS to every Envoy that connects, over one stream each.

Owns the protocol: what is subscribed, sent, acknowledged, refused. What is sent comes from a `SnapshotBuilder`;
unchanged resources are not sent again, and what refers is sent when what it refers to has been acknowledged.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections import deque
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import grpc
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError

from catenary.address import Address
from catenary.errors import SetupError
from catenary.node import Node
from manager.metrics import ManagerMetrics
from manager.snapshot import (
    CLUSTERS,
    ENDPOINTS,
    LISTENERS,
    PUSH_ORDER,
    ROUTES,
    Snapshot,
    SnapshotBuilder,
    version_of,
)
from manager.topology import Topology
from manager.xds.endpoints import service_endpoints
from manager.xds.resource import Resource

log = logging.getLogger(__name__)

# What has to be settled before a type is sent. Endpoints wait for nothing: with its own, a cluster is acknowledged.
_NEEDS = {CLUSTERS: (), ENDPOINTS: (), LISTENERS: (CLUSTERS, ENDPOINTS), ROUTES: (CLUSTERS, ENDPOINTS)}

# When Envoy gets a changed cluster or listener, it waits for the endpoints or routes again, though they are the same.
_RENEWS = {CLUSTERS: ENDPOINTS, LISTENERS: ROUTES}
_RENEWED_BY = {renewed: by for by, renewed in _RENEWS.items()}

_MEASURED_AT_ONCE = 1_000
"""Of how many changes under way the time is kept: a gateway may take none in for days."""

_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.so_reuseport", 0),
    # An Envoy whose machine is gone says no goodbye, and every write would wait for it, by default for a minute.
    ("grpc.keepalive_time_ms", 10_000),
    ("grpc.http2.ping_timeout_ms", 10_000),
]


@dataclass(slots=True)
class TypeState:
    """One resource type on one stream. `wanted` None: everything (LDS and CDS)."""

    wanted: frozenset[str] | None = None
    nonce: str = ""
    outstanding: bool = False
    sent: str | None = None
    contents: dict[str, str] | None = None
    """The resources in `sent`, each with its version; None: not known, they were sent on an earlier stream."""
    acknowledged: str | None = None
    refused: str = ""
    """Why the Envoy refused the version in `sent`; empty: it did not."""
    refusals: int = 0


@dataclass(slots=True)
class EnvoyState:
    """One connected Envoy: what it is to have (`target`), what its routes may still use (`before`), and its types."""

    node: Node
    target: Snapshot
    generation: int
    before: Snapshot | None = None
    types: dict[str, TypeState] = field(default_factory=dict)
    nonces: int = 0
    settled: int = 0
    """The last generation of the topology that this Envoy has taken in whole."""
    wake: asyncio.Event = field(default_factory=asyncio.Event)

    def effective(self) -> Snapshot:
        return self.target.holding(self.before) if self.before else self.target

    def selected(self, type_url: str) -> list[Resource]:
        """What the Envoy is to have of a type that it has subscribed to.

        A cluster that it waits for may be gone again meanwhile: it gets no endpoints, for without an answer it would
        wait, and take nothing else in.
        """
        wanted = self.types[type_url].wanted
        found = self.effective().select(type_url, wanted)
        if type_url != ENDPOINTS or wanted is None:
            return found
        return found + [service_endpoints(name, ()) for name in sorted(wanted - {r.name for r in found})]

    def due(self, type_url: str) -> list[Resource] | None:
        """Resources of `type_url` to be sent now; None: nothing is due."""
        state = self.types.get(type_url)
        if state is None or state.outstanding or not all(self.is_settled(t) for t in _NEEDS[type_url]):
            return None
        selected = self.selected(type_url)
        return None if version_of(selected) == state.sent else selected

    def is_settled(self, type_url: str) -> bool:
        """Whether the Envoy has answered for the newest version, and has asked for all that it will need."""
        names = self.effective().names(type_url)
        state = self.types.get(type_url)
        if state is None:
            return not names
        if type_url == ENDPOINTS and state.wanted is not None and not names <= state.wanted:
            return False
        return not state.outstanding and version_of(self.selected(type_url)) == state.sent

    def settle(self) -> None:
        """Note what has been reached: routes in force release the clusters of those before them."""
        if self.is_settled(ROUTES) and not self.refusal(ROUTES):
            self.before = self.target
        if all(self.is_settled(t) and not self.refusal(t) for t in PUSH_ORDER):
            self.settled = self.generation

    def refusal(self, type_url: str) -> str:
        state = self.types.get(type_url)
        return state.refused if state else ""


class AdsServer(ads_pb2_grpc.AggregatedDiscoveryServiceServicer):  # type: ignore[misc]
    """Serves snapshots; used from one event loop only."""

    def __init__(self, builder: SnapshotBuilder, metrics: ManagerMetrics) -> None:
        self._builder = builder
        self._metrics = metrics
        for type_url in PUSH_ORDER:
            metrics.pushes.labels(_short(type_url))
            metrics.refusals.labels(_short(type_url))
        self._generation = 0
        self._ready = asyncio.Event()
        self._envoys: dict[str, EnvoyState] = {}
        self._progress = asyncio.Condition()
        self._under_way: deque[tuple[int, float]] = deque(maxlen=_MEASURED_AT_ONCE)
        """Generations that a gateway has not taken in yet, and when each was published."""

    @contextlib.asynccontextmanager
    async def listening(self, address: Address) -> AsyncIterator[None]:
        server = grpc.aio.server(options=_OPTIONS)
        ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(self, server)
        try:
            server.add_insecure_port(str(address))
        except RuntimeError as error:
            raise SetupError(
                f"xDS cannot listen on {address}: stop what listens there, or set CATENARY_XDS, which to a manager is"
                " where it listens itself"
            ) from error
        await server.start()
        log.info("xDS on %s", address)
        try:
            yield
        finally:
            await server.stop(grace=0)

    def publish(self, topology: Topology) -> int:
        """Give `topology` to every Envoy; its generation, for `acknowledged`. Gateways wait for the first."""
        self._builder.use(topology)
        self._generation += 1
        for envoy in self._envoys.values():
            if envoy.node.role == "gateway":
                envoy.target = self._builder.build(envoy.node)
                envoy.generation = self._generation
                envoy.settle()
                envoy.wake.set()
        self._ready.set()
        if not self.has_taken(self._generation):
            self._under_way.append((self._generation, time.monotonic()))
        return self._generation

    async def acknowledged(self, generation: int, timeout_s: float) -> bool:
        """Wait until every connected gateway has taken `generation` (or a later one) in; False: not within the time."""
        try:
            async with asyncio.timeout(timeout_s), self._progress:
                await self._progress.wait_for(lambda: self.has_taken(generation))
        except TimeoutError:
            return False
        return True

    def has_taken(self, generation: int) -> bool:
        """Whether every connected gateway has taken `generation`, or a later one, in."""
        return generation <= self.taken()

    def taken(self) -> float:
        """The last generation that every connected gateway has taken in; infinity: none is connected."""
        return min((e.settled for e in self._envoys.values() if e.node.role == "gateway"), default=math.inf)

    def envoys(self) -> list[EnvoyState]:
        return sorted(self._envoys.values(), key=lambda e: (e.node.service, e.node.id))

    async def StreamAggregatedResources(self, _requests: Any, context: Any) -> None:  # noqa: N802 (gRPC's name)
        try:
            await self._follow(context)
        except DecodeError as error:
            log.warning("an Envoy was refused: %s", error)
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))

    async def DeltaAggregatedResources(self, _requests: Any, context: Any) -> None:  # noqa: N802 (gRPC's name)
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "only the state of the world is served")

    async def _follow(self, context: Any) -> None:
        """Serve one Envoy until it leaves."""
        first = await context.read()
        if first is grpc.aio.EOF:
            return
        try:
            metadata = {k: str(v) for k, v in MessageToDict(first.node.metadata).items()}
            node = Node.from_metadata(first.node.id, first.node.cluster, metadata)
        except ValueError as error:
            log.warning("an Envoy was refused: %s", error)
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        if node.role == "gateway":
            await self._ready.wait()
        envoy = EnvoyState(node, self._builder.build(node), self._generation)
        self._envoys[node.id] = envoy
        log.info("Envoy of %s connected", node.id)
        writer = asyncio.create_task(self._write(envoy, context), name=f"xds-{node.id}")
        try:
            request = first
            while request is not grpc.aio.EOF:
                self._take(envoy, request)
                await self._announce()
                envoy.wake.set()
                request = await context.read()
        finally:
            writer.cancel()
            if self._envoys.get(node.id) is envoy:
                del self._envoys[node.id]
            await self._announce()
            log.info("Envoy of %s disconnected", node.id)

    async def _write(self, envoy: EnvoyState, context: Any) -> None:
        while True:
            await envoy.wake.wait()
            envoy.wake.clear()
            for type_url in PUSH_ORDER:
                resources = envoy.due(type_url)
                if resources is None:
                    continue
                state = envoy.types[type_url]
                envoy.nonces += 1
                state.nonce = str(envoy.nonces)
                state.sent = version_of(resources)
                state.outstanding = True
                state.refused = ""
                contents = {r.name: r.version for r in resources}
                renewed = envoy.types.get(_RENEWS.get(type_url, ""))
                known = state.contents
                if renewed and (known is None or any(contents.get(name, v) != v for name, v in known.items())):
                    renewed.sent = None
                state.contents = contents
                self._metrics.pushes.labels(_short(type_url)).inc()
                await context.write(
                    discovery_pb2.DiscoveryResponse(
                        version_info=state.sent,
                        nonce=state.nonce,
                        type_url=type_url,
                        resources=[r.body for r in resources],
                    )
                )

    def _take(self, envoy: EnvoyState, request: discovery_pb2.DiscoveryRequest) -> None:
        """A subscription, an acknowledgement or a refusal."""
        if request.type_url not in PUSH_ORDER:
            return
        state = envoy.types.setdefault(request.type_url, TypeState())
        if request.response_nonce and request.response_nonce != state.nonce:
            return  # an answer to what has been superseded
        named = request.type_url in (ENDPOINTS, ROUTES)
        state.wanted = frozenset(request.resource_names) if named else None
        if not request.response_nonce:
            # A new stream: what the Envoy still has from an earlier one need not be sent again, unless it waits for it.
            renewed_by = envoy.types.get(_RENEWED_BY.get(request.type_url, ""))
            if renewed_by is None or renewed_by.contents is None:
                state.sent = state.acknowledged = request.version_info or None
        else:
            state.outstanding = False
            if request.HasField("error_detail"):
                state.refused = request.error_detail.message
                state.refusals += 1
                self._metrics.refusals.labels(_short(request.type_url)).inc()
                log.error("Envoy of %s refused %s: %s", envoy.node.id, _short(request.type_url), state.refused)
            else:
                state.acknowledged = request.version_info
        envoy.settle()

    async def _announce(self) -> None:
        taken = self.taken()
        while self._under_way and self._under_way[0][0] <= taken:
            _, published = self._under_way.popleft()
            self._metrics.change_duration.observe(time.monotonic() - published)
        async with self._progress:
            self._progress.notify_all()


def describe(envoy: EnvoyState) -> dict[str, object]:
    """An Envoy's state for `GET /api/v1/envoys`."""
    return {
        "id": envoy.node.id,
        "service": envoy.node.service,
        "role": envoy.node.role,
        "listen": str(envoy.node.listen),
        "synchronised": envoy.settled == envoy.generation,
        "types": {
            _short(type_url): {
                "version": state.acknowledged,
                "resources": len(envoy.selected(type_url)),
                "refusals": state.refusals,
            }
            | ({"error": state.refused} if state.refused else {})
            for type_url, state in envoy.types.items()
        },
        "errors": [envoy.refusal(t) for t in PUSH_ORDER if envoy.refusal(t)],
    }


def _short(type_url: str) -> str:
    return type_url.rpartition(".")[2]
