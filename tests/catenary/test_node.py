from __future__ import annotations

import dataclasses

import pytest

from catenary.address import TcpAddress, UnixAddress
from catenary.node import Node

NODE = Node("a-1", "a", "sidecar", TcpAddress("127.0.0.1", 1), UnixAddress("/x"), 7)


def test_a_node_is_the_same_after_a_round_trip() -> None:
    for node in (NODE, dataclasses.replace(NODE, app_protocol="grpc"), dataclasses.replace(NODE, access_log="json")):
        assert Node.from_metadata("a-1", "a", node.metadata()) == node


def test_what_no_app_speaks_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="'morse' is not what an app speaks"):
        Node.from_metadata("a-1", "a", NODE.metadata() | {"app_protocol": "morse"})


def test_what_is_no_form_of_a_line_is_a_value_error() -> None:
    with pytest.raises(ValueError, match="'xml' is not a form of log lines"):
        Node.from_metadata("a-1", "a", NODE.metadata() | {"access_log": "xml"})


@pytest.mark.parametrize(
    "change",
    [{"role": "king"}, {"listen": "unix:/x"}, {"listen": "x"}, {"app": ""}]
    + [{"body_bytes": text} for text in ("many", "-1", "0", "", "1.5", "٣", "9" * 30, "9" * 5_000)],
)
def test_wrong_metadata_is_a_value_error(change: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Node.from_metadata("a-1", "a", NODE.metadata() | change)
    missing = {k: v for k, v in NODE.metadata().items() if k not in change}
    with pytest.raises(ValueError, match="lacks"):
        Node.from_metadata("a-1", "a", missing)


@pytest.mark.parametrize("name", ["", "a\nb", "\0", "_xds", "../a", "x" * 200])
def test_a_node_and_its_service_have_names(name: str) -> None:
    for node, service in ((name, "a"), ("a-1", name)):
        with pytest.raises(ValueError, match="is no name"):
            Node.from_metadata(node, service, NODE.metadata())
