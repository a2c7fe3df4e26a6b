"""A consistent set of resources for one Envoy, and the order in which Envoys take them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from catenary.node import Node
from manager.topology import Topology
from manager.xds.clusters import app_cluster, service_cluster, zipkin_cluster
from manager.xds.endpoints import service_endpoints
from manager.xds.listeners import edge_listener, sidecar_listener
from manager.xds.resource import Resource
from manager.xds.routes import edge_routes
from manager.xds.tracing import Zipkin

CLUSTERS = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
ENDPOINTS = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
LISTENERS = "type.googleapis.com/envoy.config.listener.v3.Listener"
ROUTES = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"

# What refers comes after what it refers to: a route to a cluster that is not there yet fails requests.
PUSH_ORDER = (CLUSTERS, ENDPOINTS, LISTENERS, ROUTES)

Resources = Mapping[str, Resource]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Resources by type and name. Two snapshots with equal content have equal versions."""

    resources: Mapping[str, Resources]

    def select(self, type_url: str, wanted: frozenset[str] | None) -> list[Resource]:
        """The resources of a type that are subscribed to; None: all."""
        found = self.resources.get(type_url, {})
        return [r for name, r in sorted(found.items()) if wanted is None or name in wanted]

    def names(self, type_url: str) -> frozenset[str]:
        return frozenset(self.resources.get(type_url, ()))

    def holding(self, before: Snapshot) -> Snapshot:
        """This one and, beside it, the clusters that the routes of `before` still use: they may go after the routes."""
        used = {name for route in before.resources[ROUTES].values() for name in route.refers}
        held = {
            type_url: {n: r for n, r in before.resources[type_url].items() if n in used}
            | dict(self.resources[type_url])
            for type_url in (CLUSTERS, ENDPOINTS)
        }
        return Snapshot({**self.resources, **held})

    def check(self) -> None:
        """ValueError where something refers to what is not there."""
        clusters = self.names(CLUSTERS)
        for listener in self.resources[LISTENERS].values():
            _require(listener.refers, self.names(ROUTES), f"listener {listener.name}", "route configurations")
        for route in self.resources[ROUTES].values():
            _require(route.refers, clusters, f"route configuration {route.name}", "clusters")
        _require(self.names(ENDPOINTS), clusters, "the endpoints", "clusters")


def version_of(resources: Iterable[Resource]) -> str:
    digest = hashlib.sha256()
    for r in resources:
        digest.update(f"{r.name}\0{r.version}\0".encode())
    return digest.hexdigest()[:16]


class SnapshotBuilder:
    """Builds each Envoy's snapshot; what gateways share is built once for a topology and a limit of bodies."""

    def __init__(
        self, chain_lua: str, client_timeout_s: float, zipkin: Zipkin | None = None, log_percent: float = 100
    ) -> None:
        self._chain_lua = chain_lua
        self._client_timeout_s = client_timeout_s
        self._zipkin = zipkin
        self._log_percent = log_percent
        self._collector = {c.name: c for c in [zipkin_cluster(zipkin.collector)]} if zipkin else {}
        self._topology = Topology((), MappingProxyType({}))
        self._shared: dict[int, dict[str, dict[str, Resource]]] = {}

    def use(self, topology: Topology) -> None:
        self._topology = topology
        self._shared.clear()

    def build(self, node: Node) -> Snapshot:
        app = app_cluster(node.app, node.app_protocol)
        own = {app.name: app} | self._collector
        if node.role == "sidecar":
            listener = sidecar_listener(node, self._zipkin)
            snapshot = Snapshot({CLUSTERS: own, ENDPOINTS: {}, LISTENERS: {listener.name: listener}, ROUTES: {}})
        else:
            listener = edge_listener(node, self._chain_lua, self._client_timeout_s, self._zipkin, self._log_percent)
            shared = self._shared.get(node.body_bytes) or self._build_shared(node.body_bytes)
            snapshot = Snapshot(
                {
                    **shared,
                    CLUSTERS: own | shared[CLUSTERS],
                    LISTENERS: {listener.name: listener},
                }
            )
        snapshot.check()
        return snapshot

    def _build_shared(self, body_bytes: int) -> dict[str, dict[str, Resource]]:
        services = self._topology.services
        routes = edge_routes(self._topology, body_bytes)
        self._shared[body_bytes] = {
            CLUSTERS: {name: service_cluster(name) for name in services},
            ENDPOINTS: {name: service_endpoints(name, addresses) for name, addresses in services.items()},
            ROUTES: {routes.name: routes},
        }
        return self._shared[body_bytes]


def _require(wanted: frozenset[str], there: frozenset[str], who: str, what: str) -> None:
    missing = wanted - there
    if missing:
        raise ValueError(f"{who} refers to {what} that are not there: {', '.join(sorted(missing))}")
