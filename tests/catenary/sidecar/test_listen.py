"""Where an Envoy listens."""

from __future__ import annotations

import socket
import sys

import pytest

from catenary.address import TcpAddress, free_port, reachable
from catenary.errors import SetupError
from catenary.sidecar.listen import listen_address


def test_the_address_that_is_asked_for_is_taken() -> None:
    port = free_port()
    with listen_address(f"127.0.0.1:{port}") as address:
        assert address == TcpAddress("127.0.0.1", port)


def test_a_port_that_is_taken_is_an_error_that_names_it() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SetupError, match=f"port {port}"), listen_address(f"127.0.0.1:{port}"):
            pass


def test_a_chosen_port_can_be_listened_on_as_an_envoy_does() -> None:
    with listen_address(None) as address, socket.socket() as envoy:
        if sys.platform == "linux":
            envoy.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        envoy.bind((address.host, address.port))
        envoy.listen()
        socket.create_connection((address.host, address.port)).close()


@pytest.mark.skipif(sys.platform != "linux", reason="Envoy shares ports on Linux only")
def test_a_chosen_port_is_taken_for_everybody_else() -> None:
    with listen_address(None) as address, socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind((address.host, address.port))


def test_a_wildcard_is_reached_over_the_loopback() -> None:
    assert reachable(TcpAddress("0.0.0.0", 80)) == TcpAddress("127.0.0.1", 80)
    assert reachable(TcpAddress("10.0.0.1", 80)) == TcpAddress("10.0.0.1", 80)
