"""The manager's API as a sidecar uses it, where there are several managers."""

from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from catenary import names
from catenary.address import free_port
from catenary.errors import Unavailable
from catenary.messages import Instance
from catenary.sidecar.manager_client import ManagerClient

INSTANCE = Instance(id="serving-a-1", service="serving-a", address="127.0.0.1:9001")


class Manager:
    """An HTTP server that answers every registration with `status`, and shows the Envoys in `envoys`."""

    def __init__(self) -> None:
        self.status = 200
        self.asked = 0
        self.envoys: list[dict[str, object]] = []
        app = web.Application()
        app.router.add_put(names.INSTANCES_PATH + "/{id}", self._register)
        app.router.add_get(names.ENVOYS_PATH, self._envoys)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    async def _register(self, _request: web.Request) -> web.Response:
        self.asked += 1
        return web.json_response({"lease_s": 5, "detail": "the store is away"}, status=self.status)

    async def _envoys(self, _request: web.Request) -> web.Response:
        return web.json_response(self.envoys)


@pytest_asyncio.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture
async def managers() -> AsyncIterator[tuple[Manager, Manager]]:
    first, second = Manager(), Manager()
    async with first.server, second.server:
        yield first, second


async def test_the_next_manager_is_asked_where_one_is_away_and_asked_first_from_then_on(
    http: aiohttp.ClientSession, managers: tuple[Manager, Manager]
) -> None:
    manager, _ = managers
    client = ManagerClient(http, [f"http://127.0.0.1:{free_port()}", manager.url])
    assert await client.register(INSTANCE) == 5
    assert client.urls[0] == manager.url


async def test_the_next_manager_is_asked_where_one_refuses(
    http: aiohttp.ClientSession, managers: tuple[Manager, Manager]
) -> None:
    first, second = managers
    first.status = 503
    client = ManagerClient(http, [first.url, second.url])
    await client.register(INSTANCE)
    await client.register(INSTANCE)
    assert (first.asked, second.asked) == (1, 2)


async def test_where_every_manager_refuses_the_last_one_says_why(
    http: aiohttp.ClientSession, managers: tuple[Manager, Manager]
) -> None:
    for manager in managers:
        manager.status = 503
    with pytest.raises(Unavailable, match=r"answers PUT .* with 503: the store is away"):
        await ManagerClient(http, [m.url for m in managers]).register(INSTANCE)
    assert [m.asked for m in managers] == [1, 1]


async def test_an_envoy_is_looked_for_at_every_manager(
    http: aiohttp.ClientSession, managers: tuple[Manager, Manager]
) -> None:
    first, second = managers
    second.envoys = [{"id": "serving-a-1", "errors": ["no"]}]
    client = ManagerClient(http, [first.url, second.url])
    assert await client.envoy_errors("serving-a-1") == ["no"]
    assert await client.envoy_errors("serving-a-2") is None
