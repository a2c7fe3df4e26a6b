"""What the builders make, as JSON beside this file. `CATENARY_GOLDEN=update` writes it anew: read the difference."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from types import MappingProxyType

import pytest
from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import MessageToDict

from catenary.address import TcpAddress, UnixAddress
from catenary.logs import LogFormat
from catenary.node import Node
from manager.snapshot import CLUSTERS, ENDPOINTS, LISTENERS, ROUTES, Snapshot, SnapshotBuilder
from manager.topology import Limits, Pipeline, Rate, Step, Topology
from manager.xds.tracing import Zipkin

GOLDEN = Path(__file__).with_name("golden")

TOPOLOGY = Topology(
    (
        Pipeline("endpointML", (Step("serving-a", "m1", 0, 2), Step("serving-b", "m2", 1_500, 0)), 60_000),
        Pipeline("one", (Step("serving-b", "v1/predict:now", 0, 2),), 250),
        Pipeline(
            "limited", (Step("serving-a", "m1", 0, 2),), 250, Limits(Rate(100, 200), Rate(0.5, 2), "x-api-key", 16)
        ),
        Pipeline("by-grpc", (Step("serving-a", "greeter", 0, 2),), 250, transport="grpc"),
        Pipeline("by-address", (Step("serving-a", "m1", 0, 2),), 250, Limits(None, Rate(5, 5))),
    ),
    MappingProxyType(
        {
            "serving-a": (TcpAddress("127.0.0.1", 9001), TcpAddress("127.0.0.1", 9002)),
            "serving-b": (),
        }
    ),
)
GATEWAY = Node("gateway-1", "gateway", "gateway", TcpAddress("127.0.0.1", 8083), UnixAddress("/run/app.sock"), 1_000)
SIDECAR = Node("serving-a-1", "serving-a", "sidecar", TcpAddress("127.0.0.1", 9001), TcpAddress("127.0.0.1", 80), 1_000)

GRPC_SIDECAR = dataclasses.replace(SIDECAR, app_protocol="grpc")


def build(node: Node, zipkin: Zipkin | None) -> Snapshot:
    builder = SnapshotBuilder("-- the chain filter's source", 300, zipkin, log_percent=12.5)
    builder.use(TOPOLOGY)
    return builder.build(node)


@pytest.mark.parametrize("node", [GATEWAY, SIDECAR], ids=["gateway", "sidecar"])
@pytest.mark.parametrize("type_url", [CLUSTERS, ENDPOINTS, LISTENERS, ROUTES], ids=lambda u: u.rpartition(".")[2])
def test_resources_are_as_they_were(node: Node, type_url: str) -> None:
    compare(build(node, None), type_url, node.role)


@pytest.mark.parametrize("node", [GATEWAY, SIDECAR], ids=["gateway", "sidecar"])
@pytest.mark.parametrize("type_url", [CLUSTERS, LISTENERS], ids=lambda u: u.rpartition(".")[2])
def test_traced_resources_are_as_they_were(node: Node, type_url: str) -> None:
    compare(build(node, Zipkin(TcpAddress("zipkin", 9411), "/api/v2/spans", 10)), type_url, f"traced-{node.role}")


@pytest.mark.parametrize("type_url", [CLUSTERS, LISTENERS], ids=lambda u: u.rpartition(".")[2])
def test_a_grpc_sidecar_is_as_it_was(type_url: str) -> None:
    compare(build(GRPC_SIDECAR, None), type_url, "grpc-sidecar")


@pytest.mark.parametrize("form", ["text", "json"])
def test_the_access_log_is_as_it_was(form: LogFormat) -> None:
    compare(build(dataclasses.replace(GATEWAY, access_log=form), None), LISTENERS, f"{form}-log-gateway")


def compare(snapshot: Snapshot, type_url: str, name: str) -> None:
    pool = Default()
    made = [
        MessageToDict(r.body, preserving_proto_field_name=True, descriptor_pool=pool)
        for r in snapshot.select(type_url, None)
    ]
    file = GOLDEN / f"{name}-{type_url.rpartition('.')[2]}.json"
    text = json.dumps(made, indent=1, sort_keys=True) + "\n"
    if os.environ.get("CATENARY_GOLDEN") == "update":
        file.write_text(text)
    assert file.read_text() == text
