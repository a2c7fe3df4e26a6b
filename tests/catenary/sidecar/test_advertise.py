"""The address that an instance registers."""

from __future__ import annotations

import pytest

from catenary.address import TcpAddress
from catenary.errors import Unavailable
from catenary.sidecar.advertise import advertised

WILDCARD = TcpAddress("0.0.0.0", 8080)
NOWHERE = TcpAddress("no-such-host.invalid", 8080)


async def test_a_listener_of_one_address_is_registered_as_it_is() -> None:
    here = TcpAddress("127.0.0.2", 8080)
    assert await advertised(here, None, (NOWHERE,)) == here


async def test_what_is_told_goes_before_what_is_found_and_its_name_becomes_an_ip_address() -> None:
    told = TcpAddress("localhost", 9000)
    assert await advertised(WILDCARD, told, (NOWHERE,)) == TcpAddress("127.0.0.1", 9000)


async def test_a_wildcard_is_registered_as_the_address_on_the_way_to_the_first_manager_that_is_found() -> None:
    managers = (NOWHERE, TcpAddress("localhost", 18000))
    assert await advertised(WILDCARD, None, managers) == TcpAddress("127.0.0.1", 8080)


@pytest.mark.parametrize("told", [None, NOWHERE])
async def test_while_a_name_is_not_known_there_is_no_address(told: TcpAddress | None) -> None:
    with pytest.raises(Unavailable, match=r"no-such-host\.invalid"):
        await advertised(WILDCARD, told, (NOWHERE,))
