from __future__ import annotations

import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catenary.address import TcpAddress, UnixAddress, free_port, parse_address, require_free
from catenary.errors import SetupError


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:80", TcpAddress("127.0.0.1", 80)),
        ("host.name:65535", TcpAddress("host.name", 65535)),
        ("unix:/tmp/x.sock", UnixAddress("/tmp/x.sock")),
    ],
)
def test_an_address_is_read_and_written(text: str, address: TcpAddress | UnixAddress) -> None:
    assert parse_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text", ["", "host", ":80", "host:", "host:0", "host:65536", "host:x", "unix:x", "unix:/" + "x" * 100]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"host:port|socket|absolute"):
        parse_address(text)


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_a_value_error(text: str) -> None:
    try:
        address = parse_address(text)
    except ValueError:
        return
    assert parse_address(str(address)) == address


def test_a_port_in_use_is_one_sentence_that_says_what_to_do() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]
        with pytest.raises(SetupError, match=rf"port {port} .* the gateway .*stop what listens there"):
            require_free(TcpAddress("127.0.0.1", port), "the gateway")
    require_free(TcpAddress("127.0.0.1", free_port()), "the gateway")


def test_a_socket_in_use_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "s"
    require_free(UnixAddress(str(path)), "xDS")
    path.touch()
    with pytest.raises(SetupError, match="xDS needs it"):
        require_free(UnixAddress(str(path)), "xDS")
