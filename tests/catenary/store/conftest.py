"""One Consul agent for the tests of this folder that leave it as it is."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from servers import ConsulAgent


@pytest.fixture(scope="session")
def consul_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsulAgent]:
    agent = ConsulAgent(tmp_path_factory.mktemp("consul"))
    asyncio.run(agent.start())
    yield agent
    asyncio.run(agent.stop())
