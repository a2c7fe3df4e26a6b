"""Where a process listens: a TCP port or a Unix socket, written `host:port` or `unix:/path`."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from catenary.errors import SetupError

LOOPBACK = "127.0.0.1"
WILDCARD = "0.0.0.0"
SOCKET_PATH_BYTES = 100
"""The longest path of a Unix socket that every platform takes."""


@dataclass(frozen=True, slots=True)
class TcpAddress:
    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class UnixAddress:
    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


Address = TcpAddress | UnixAddress


def reachable(address: TcpAddress) -> TcpAddress:
    """`address` as this machine reaches it: a wildcard is no destination."""
    return TcpAddress(LOOPBACK, address.port) if address.host == WILDCARD else address


def parse_address(text: str) -> Address:
    """The address that `text` writes; ValueError names what is wrong."""
    if text.startswith("unix:"):
        path = text.removeprefix("unix:")
        if not path.startswith("/"):
            raise ValueError(f"{text!r}: a Unix socket needs an absolute path")
        if len(path.encode()) > SOCKET_PATH_BYTES:
            raise ValueError(f"{text!r}: a socket's path has at most {SOCKET_PATH_BYTES} bytes")
        return UnixAddress(path)
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{text!r} is neither host:port nor unix:/path")
    return TcpAddress(host, int(port))


def parse_tcp_address(text: str) -> TcpAddress:
    """As `parse_address`, where a Unix socket will not do."""
    address = parse_address(text)
    if not isinstance(address, TcpAddress):
        raise ValueError(f"{text!r} is not host:port")
    return address


def parse_addresses(text: str) -> tuple[Address, ...]:
    """The addresses that `text` lists with commas; ValueError as `parse_address`."""
    addresses = tuple(parse_address(part.strip()) for part in text.split(","))
    if len(addresses) > 1 and any(isinstance(address, UnixAddress) for address in addresses):
        raise ValueError(f"{text!r}: a Unix socket stands alone")
    return addresses


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nothing listens on just now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def require_free(address: Address, purpose: str) -> None:
    """Raise SetupError where something already listens on `address`."""
    if isinstance(address, UnixAddress):
        if Path(address.path).exists():
            raise SetupError(f"{address.path} exists: {purpose} needs it; remove it if nothing uses it")
        return
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as error:
            raise SetupError(
                f"port {address.port} on {address.host} cannot be used for {purpose} ({error.strerror}):"
                " stop what listens there, or choose another port"
            ) from error
