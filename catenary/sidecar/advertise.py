"""Where others reach the Envoy: the address that an instance registers, by IP because Envoys balance over no names."""

from __future__ import annotations

import asyncio
import socket

from catenary.address import WILDCARD, TcpAddress
from catenary.errors import Unavailable


async def advertised(listen: TcpAddress, told: TcpAddress | None, managers: tuple[TcpAddress, ...]) -> TcpAddress:
    """`told`, its host as an IP address; without it `listen`, in which a wildcard stands for this machine's address on
    the way to the first of `managers` that can be found.

    Asked anew for each registration, for addresses change. Raises Unavailable while a name is not known.
    """
    if told:
        return TcpAddress(await _ip_of(told), told.port)
    if listen.host != WILDCARD:
        return listen
    for manager in managers:
        try:
            return TcpAddress(_source_ip(await _ip_of(manager), manager.port), listen.port)
        except Unavailable as error:
            fault = error
    raise fault


async def _ip_of(address: TcpAddress) -> str:
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(address.host, address.port, family=socket.AF_INET, type=socket.SOCK_STREAM)
    except OSError as error:
        raise Unavailable(f"the address of {address.host} cannot be found ({error.strerror})") from error
    return str(found[0][4][0])


def _source_ip(destination: str, port: int) -> str:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((destination, port))  # Sends nothing.
        except OSError as error:
            raise Unavailable(f"there is no way to {destination} ({error.strerror})") from error
        return str(probe.getsockname()[0])
