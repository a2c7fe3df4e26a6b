"""The manager, Consul, or both are killed and away for longer than any lease, under load, and come back."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from control import Control
from mesh import Mesh, until
from servers import ConsulAgent

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

LEASE_S = 2.0
CHECKS = {"CATENARY_CONSUL_CHECK_INTERVAL_S": "3", "CATENARY_CONSUL_CHECK_TIMEOUT_S": "2"}
AWAY_S = 3.0
"""Longer than a lease. What returns does so before Consul has checked every instance again."""
SILENCE_S = 7.5
"""Longer than Consul may say nothing of an instance: a lease, a check's interval and its time."""
SERVICES = ("a", "b", "c")
PIPELINES = {"one": ["a/m"], "two": ["a/m", "b/m"], "three": ["c/m", "b/m", "a/m"], "same": ["b/m", "b/m"]}
# What changes if a gateway is told of less than there is, be it for a moment.
STATS = "cluster_manager.cluster_|membership_change|rds.*config_reload$|listener_(added|modified|removed)$"


async def _ok(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response([])


class Stack(Control):
    def __init__(self, mesh: Mesh, consul: ConsulAgent) -> None:
        super().__init__(mesh, "Consul")
        self.consul = consul

    async def kill(self, what: str) -> None:
        if what == "consul":
            await self.consul.kill()
        else:
            assert self.mesh.manager
            await self.mesh.manager.stop(signal.SIGKILL)

    async def start(self, what: str) -> None:
        await (self.consul.start() if what == "consul" else self.mesh.start_manager())

    async def changes(self) -> dict[str, str]:
        """How often the gateway's Envoy has changed its clusters, their endpoints, routes and listeners."""
        connector = aiohttp.UnixConnector(str(self.mesh.folder / "gateway-1.admin"))
        async with (
            aiohttp.ClientSession(connector=connector) as admin,
            admin.get("http://envoy/stats", params={"filter": STATS}) as answer,
        ):
            stats = dict(line.split(": ") for line in (await answer.text()).splitlines())
        assert len(stats) > len(SERVICES)
        return stats

    async def is_synchronised(self) -> bool:
        _, envoys, _ = await self.call("GET", names.ENVOYS_PATH)
        return len(envoys) == len(SERVICES) + 1 and all(envoy["synchronised"] for envoy in envoys)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stack(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    """With an instance of each service and a pipeline for each chain."""
    consul = ConsulAgent(tmp_path_factory.mktemp("consul"))
    async with consul, Mesh(lease_s=LEASE_S, CATENARY_CONSUL=consul.url, **CHECKS) as mesh:
        stack = Stack(mesh, consul)
        await until(stack.is_well, "Consul has been read")
        for service in SERVICES:
            await mesh.step(service, _ok)
        for name, chain in PIPELINES.items():
            await mesh.pipeline(name, *chain)
        for name in PIPELINES:
            await stack.until_answers(name)
        yield stack


@pytest.mark.parametrize(
    "away",
    [["manager"], ["consul"], ["consul", "manager"]],
    ids="-and-".join,
)
async def test_no_request_fails_nothing_vanishes_and_changes_apply_again(stack: Stack, away: list[str]) -> None:
    """Those that are away come back in the order in which they went."""
    async with stack.load(*PIPELINES) as load:
        before = await stack.changes()
        for what in away:
            await stack.kill(what)
        await asyncio.sleep(AWAY_S)
        for what in away:
            await stack.start(what)
        await until(stack.is_well, "all is well again")
        await until(stack.is_synchronised, "every Envoy has taken it in")
        await load.answers(100)
        # Until those would be gone of which Consul says nothing.
        await asyncio.sleep(SILENCE_S)
        assert await stack.changes() == before
        assert await stack.named(names.PIPELINES_PATH, "name") == sorted(PIPELINES)
        assert await stack.write("new", "c/m", "a/m") == 201
        await stack.until_answers("new")
        assert (await stack.call("DELETE", names.PIPELINES_PATH + "/new"))[0] == 200
        await stack.until_answers("new", 404)
        await load.answers(100)
    assert load.failures == []
    assert not load.moves
