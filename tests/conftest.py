"""What all tests share: one Spark session, one Consul agent, hypothesis' profile, and in CI no skips."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from servers import ConsulAgent

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

# A busy machine is slow, not wrong.
settings.register_profile("catenary", deadline=None)
settings.register_profile("fuzz", deadline=None, max_examples=3000)
settings.load_profile("catenary")


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """A Spark session on a real JVM, for the tests marked `jvm`: one for the whole run."""
    if sys.platform != "linux":
        pytest.skip("the JDK that Spark runs on is installed on Linux only")
    from models.spark.spark_session import spark_session

    with spark_session() as session:
        yield session


@pytest.fixture(scope="session")
def _running_agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ConsulAgent]:
    agent = ConsulAgent(tmp_path_factory.mktemp("consul"))
    asyncio.run(agent.start())
    yield agent
    asyncio.run(agent.stop())


@pytest.fixture
def consul_agent(_running_agent: ConsulAgent) -> ConsulAgent:
    """An empty Consul agent, for tests that leave it as it is: one for the whole run."""
    asyncio.run(_empty(_running_agent))
    return _running_agent


async def _empty(agent: ConsulAgent) -> None:
    async with agent.request("DELETE", "/v1/kv/?recurse") as answer:
        assert answer.status == 200
    async with agent.request("GET", "/v1/agent/services") as answer:
        services = await answer.json()
    for service in services:
        async with agent.request("PUT", f"/v1/agent/service/deregister/{service}") as answer:
            assert answer.status == 200


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """In CI everything is there: a test that was skipped has failed."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if os.environ.get("CI") and reporter and reporter.stats.get("skipped") and exitstatus == 0:
        reporter.write_line("tests were skipped, which CI counts as failed", red=True)
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
