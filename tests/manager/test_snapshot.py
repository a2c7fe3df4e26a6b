"""Snapshots: versions by content, references that hold, clusters kept for as long as old routes use them."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

import pytest

from catenary.address import TcpAddress, UnixAddress
from catenary.node import Node
from manager.snapshot import CLUSTERS, ENDPOINTS, LISTENERS, PUSH_ORDER, ROUTES, Snapshot, SnapshotBuilder, version_of
from manager.topology import Pipeline, Step, Topology

NODE = Node("gateway-1", "gateway", "gateway", TcpAddress("127.0.0.1", 8083), UnixAddress("/run/app.sock"), 1_000)
PIPELINE = Pipeline("p", (Step("a", "m", 0, 2), Step("b", "m", 0, 2)), 60_000)
TOPOLOGY = Topology((PIPELINE,), MappingProxyType({"a": (TcpAddress("127.0.0.1", 1),), "b": ()}))


def build(topology: Topology) -> Snapshot:
    builder = SnapshotBuilder("", 300)
    builder.use(topology)
    return builder.build(NODE)


def versions(snapshot: Snapshot) -> dict[str, str]:
    return {t: version_of(snapshot.select(t, None)) for t in PUSH_ORDER}


def test_the_same_topology_has_the_same_versions() -> None:
    assert versions(build(TOPOLOGY)) == versions(build(TOPOLOGY))


@pytest.mark.parametrize(
    ("changed", "types"),
    [
        (replace(TOPOLOGY, pipelines=(replace(PIPELINE, timeout_ms=1),)), {ROUTES}),
        (replace(TOPOLOGY, pipelines=(PIPELINE, replace(PIPELINE, name="q"))), {ROUTES}),
        (replace(TOPOLOGY, services={"a": (), "b": ()}), {ENDPOINTS}),
        (replace(TOPOLOGY, services={"a": (TcpAddress("127.0.0.1", 1),), "b": (), "c": ()}), {CLUSTERS, ENDPOINTS}),
    ],
    ids=["deadline", "new pipeline", "endpoint gone", "new service"],
)
def test_only_what_changed_has_a_new_version(changed: Topology, types: set[str]) -> None:
    before, after = versions(build(TOPOLOGY)), versions(build(changed))
    assert {t for t in PUSH_ORDER if before[t] != after[t]} == types


def test_a_route_to_a_cluster_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="route configuration edge refers to clusters that are not there: b"):
        build(replace(TOPOLOGY, services={"a": ()}))


def test_a_listener_without_its_routes_is_an_error() -> None:
    whole = build(TOPOLOGY)
    with pytest.raises(ValueError, match="listener edge refers to route configurations that are not there: edge"):
        Snapshot({**whole.resources, ROUTES: {}}).check()


def test_clusters_that_old_routes_use_are_held() -> None:
    old = build(TOPOLOGY)
    new = build(Topology((), MappingProxyType({"a": ()})))
    assert new.names(CLUSTERS) == {"_app", "a"}
    held = new.holding(old)
    assert held.names(CLUSTERS) == {"_app", "a", "b"}
    assert held.names(ENDPOINTS) == {"a", "b"}
    assert held.resources[ENDPOINTS]["a"] is new.resources[ENDPOINTS]["a"]
    assert held.names(LISTENERS) == new.names(LISTENERS)
    held.check()
