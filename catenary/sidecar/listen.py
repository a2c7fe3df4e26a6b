"""Where the Envoy listens."""

from __future__ import annotations

import contextlib
import socket
import sys
from collections.abc import Iterator

from catenary.address import LOOPBACK, TcpAddress, parse_tcp_address, require_free


@contextlib.contextmanager
def listen_address(asked: str | None) -> Iterator[TcpAddress]:
    """The address `asked` for, which has to be free (else SetupError), or a free port of the loopback.

    On Linux a port that was chosen stays reserved inside the block by a socket that is bound and does not listen:
    Envoys share ports (SO_REUSEPORT), and two that had chosen the same one would take each other's requests.
    """
    if asked is not None:
        address = parse_tcp_address(asked)
        require_free(address, "the sidecar's Envoy")
        yield address
        return
    with socket.socket() as reservation:
        if sys.platform == "linux":
            reservation.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reservation.bind((LOOPBACK, 0))
        port: int = reservation.getsockname()[1]
        if sys.platform != "linux":
            reservation.close()
        yield TcpAddress(LOOPBACK, port)
