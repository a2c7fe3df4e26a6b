"""One Consul agent for the tests of this folder that leave it as it is; each finds it empty."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from servers import ConsulAgent


@pytest.fixture(scope="session")
def _running_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsulAgent]:
    agent = ConsulAgent(tmp_path_factory.mktemp("consul"))
    asyncio.run(agent.start())
    yield agent
    asyncio.run(agent.stop())


@pytest.fixture
def consul_agent(_running_agent: ConsulAgent) -> ConsulAgent:
    asyncio.run(empty(_running_agent))
    return _running_agent


async def empty(agent: ConsulAgent) -> None:
    async with agent.request("DELETE", "/v1/kv/?recurse") as answer:
        assert answer.status == 200
    async with agent.request("GET", "/v1/agent/services") as answer:
        services = await answer.json()
    for service in services:
        async with agent.request("PUT", f"/v1/agent/service/deregister/{service}") as answer:
            assert answer.status == 200
