"""A manager, a gateway, and instances whose app does as it is told: all of them processes that a test may hurt."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from load import Load
from mesh import until
from supervised import Supervise, Supervised, World, supervisors

from catenary import names


class Answers:
    """Who answered: a chain's answers are right if each of its steps has added itself to the row."""

    def __init__(self) -> None:
        self.by: Counter[str] = Counter()

    def right(self, rows: Any) -> bool:
        (row,) = rows
        self.by.update(row["by"])
        return bool(row["x"] == 1)

    async def until_by(self, instance: Supervised, more: int = 1, timeout_s: float = 30) -> None:
        """Returns when `instance` has answered so many more requests."""
        goal = self.by[instance.name] + more

        async def has_answered() -> bool:
            return self.by[instance.name] >= goal

        await until(has_answered, f"{more} answers by {instance.name}; {instance.log}", timeout_s)


class Edge:
    """A gateway with its manager."""

    def __init__(self, world: World, gateway: Supervised, url: str) -> None:
        self.world = world
        self.gateway = gateway
        self.url = url
        self._pipelines = 0

    async def load(self, *chains: list[Any], answers: Answers | None = None, **options: Any) -> Load:
        """Load, not begun yet, on a new pipeline for each of `chains`."""
        urls = []
        for chain in chains:
            self._pipelines += 1
            name = f"load-{self._pipelines}"
            await self.world.pipeline(name, *chain)
            urls.append(f"{self.url}{names.SERVE_PATH}/{name}")
        return Load(urls, [{"x": 1}], right=(answers or Answers()).right, **options)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def world() -> AsyncIterator[World]:
    async with World() as world:
        yield world


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def edge(world: World) -> AsyncIterator[Edge]:
    async with supervisors(world) as start:
        gateway = await start([sys.executable, "-m", "gateway"], role="gateway")
        address = (await gateway.until_registered())["address"]
        yield Edge(world, gateway, f"http://{address}")


@pytest_asyncio.fixture(loop_scope="module")
async def supervise(world: World) -> AsyncIterator[Supervise]:
    async with supervisors(world) as supervise:
        yield supervise


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def well(world: World) -> AsyncIterator[Supervised]:
    """An instance that nothing befalls."""
    async with supervisors(world) as start:
        instance = await start()
        await instance.until_in()
        yield instance


@pytest.fixture
def answers() -> Answers:
    return Answers()


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[..., None]:
    """Notes what a fault has cost: into a report where one is written, and with `-s` on the screen."""

    def note(fault: str, load: Load, **figures: object) -> None:
        told = {"lost": len(load.failures), "answered": load.answered, "slowest_s": round(load.slowest_s, 2)} | {
            name: round(value, 2) if isinstance(value, float) else value for name, value in figures.items()
        }
        record_property(fault, told)
        print(f"\n{fault}: {told}")

    return note
