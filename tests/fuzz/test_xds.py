"""Whatever comes to the manager's xDS port, it refuses in gRPC's words and serves the others on."""

from __future__ import annotations

import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from envoy.service.discovery.v3 import discovery_pb2
from hypothesis import given
from hypothesis import strategies as st
from malice import FUZZ, garbage

from catenary import names
from manager.snapshot import PUSH_ORDER

if TYPE_CHECKING:
    from conftest import Listeners

STREAM = "/envoy.service.discovery.v3.AggregatedDiscoveryService/StreamAggregatedResources"
REFUSALS = {"INVALID_ARGUMENT", "RESOURCE_EXHAUSTED", "UNIMPLEMENTED"}

texts = st.text(max_size=8) | st.sampled_from(
    ["-1", "0", "1e3", "9" * 30, "9" * 5_000, "127.0.0.1:1", "unix:/x", "x" * 300]
)
metadata = st.fixed_dictionaries(
    {
        "role": st.sampled_from(["sidecar", "gateway", "gateway", ""]) | texts,
        "listen": st.just("127.0.0.1:1") | texts,
        "app": st.just("unix:/x") | texts,
        "body_bytes": st.just("1000") | texts | st.floats() | st.none() | st.lists(texts),
    }
)
node_names = st.sampled_from(["fuzzed", "fuzzed", "", "a\nb", "\0", "x" * 5_000])


@st.composite
def requests(draw: st.DrawFn) -> list[bytes]:
    first = discovery_pb2.DiscoveryRequest(type_url=PUSH_ORDER[0])
    first.node.id, first.node.cluster = draw(node_names), draw(node_names)
    for name, value in draw(metadata).items():
        first.node.metadata[name] = value
    others = []
    for _ in range(draw(st.integers(0, 4))):
        other = discovery_pb2.DiscoveryRequest(
            type_url=draw(st.sampled_from([*PUSH_ORDER, "", "x" * 100_000])),
            resource_names=draw(st.lists(texts, max_size=3)),
            version_info=draw(texts),
            response_nonce=draw(st.sampled_from(["", "1", "2", "9" * 30])),
        )
        if draw(st.booleans()):
            other.error_detail.message = draw(texts)
        others.append(other.SerializeToString())
    return [first.SerializeToString(), *others]


def converse(listeners: Listeners, method: str, messages: list[bytes]) -> str:
    """Send `messages` and read an answer if there is one, then leave; the status, "" where the client ended it."""
    left = threading.Event()

    def speak() -> Iterator[bytes]:
        yield from messages
        left.wait(0.02)

    with grpc.insecure_channel(str(listeners.xds)) as channel:
        call = channel.stream_stream(method, request_serializer=bytes, response_deserializer=bytes)(speak(), timeout=30)
        try:
            for _ in call:
                pass
        except grpc.RpcError as error:
            return str(error.code().name)
        finally:
            left.set()
    return ""


def require_well(listeners: Listeners) -> None:
    """A pipeline that is written is taken in by the gateway."""
    body = json.dumps({"name": "after", "chain": ["a/b"]}).encode()
    request = urllib.request.Request(listeners.url("manager") + names.PIPELINES_PATH, data=body, method="POST")
    with urllib.request.urlopen(request) as answer:
        assert json.load(answer)["state"] in ("waiting", "ready")


@FUZZ
@given(requests() | st.lists(st.binary(max_size=50), min_size=1, max_size=3))
def test_no_node_and_no_request_is_a_fault_of_ours(listeners: Listeners, messages: list[bytes]) -> None:
    assert converse(listeners, STREAM, messages) in {"", *REFUSALS}


def test_what_is_no_method_is_unimplemented(listeners: Listeners) -> None:
    assert converse(listeners, STREAM.replace("Stream", "Delta"), [b""]) == "UNIMPLEMENTED"
    assert converse(listeners, STREAM + "s", [b""]) == "UNIMPLEMENTED"


def test_a_request_that_is_too_large_is_refused(listeners: Listeners) -> None:
    assert converse(listeners, STREAM, [b"\x22\x80\x80\x80\x04" + b"x" * (8 << 20)]) == "RESOURCE_EXHAUSTED"


@pytest.mark.parametrize("body_bytes", ["-1", "9" * 30])
def test_a_gateway_that_makes_no_sense_fails_no_write(listeners: Listeners, body_bytes: str) -> None:
    first = discovery_pb2.DiscoveryRequest(type_url=PUSH_ORDER[0])
    first.node.id = first.node.cluster = "fuzzed"
    said: dict[str, Any] = {"role": "gateway", "listen": "127.0.0.1:1", "app": "unix:/x", "body_bytes": body_bytes}
    first.node.metadata.update(said)
    assert converse(listeners, STREAM, [first.SerializeToString()]) == "INVALID_ARGUMENT"
    require_well(listeners)


@FUZZ
@given(garbage)
def test_what_is_no_grpc_is_no_fault_of_ours(listeners: Listeners, sent: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(listeners.xds.path)
        try:
            client.sendall(sent)
            client.shutdown(socket.SHUT_WR)
            while client.recv(65_536):
                pass
        except ConnectionError:
            pass


def test_after_all_that_a_pipeline_is_still_taken_in(listeners: Listeners) -> None:
    require_well(listeners)
