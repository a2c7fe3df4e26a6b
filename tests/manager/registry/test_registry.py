"""The contract of a registry, held by both implementations."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
import pytest_asyncio
from mesh import until
from registries import LEASE_S, TIMES, Sidecar, consul_registry, running
from servers import ConsulAgent

from catenary.messages import LoadedModel
from catenary.store.sqlite import SqliteStore
from manager.registry import INSTANCES, Registry
from manager.registry.consul import ConsulRegistry
from manager.registry.leases import LeaseRegistry
from manager.standing import Standing

NewRegistry = Callable[[], AbstractAsyncContextManager[Registry]]


@pytest.fixture(params=["leases", "consul"])
def new_registry(request: pytest.FixtureRequest, tmp_path: Path) -> NewRegistry:
    """Opens a registry over what the one before it has stored."""
    if request.param == "leases":

        @contextlib.asynccontextmanager
        async def leases() -> AsyncIterator[Registry]:
            store = SqliteStore(tmp_path / "store.db")
            await store.open()
            registry = LeaseRegistry(store, Standing(), LEASE_S)
            async with running(registry):
                yield registry
            await store.close()

        return leases
    agent: ConsulAgent = request.getfixturevalue("consul_agent")

    return lambda: consul_registry(agent.url)


@pytest_asyncio.fixture
async def registry(new_registry: NewRegistry) -> AsyncIterator[Registry]:
    async with new_registry() as registry:
        yield registry


async def test_what_is_renewed_serves_and_is_listed_by_service_and_id(registry: Registry) -> None:
    sidecars = [await Sidecar.start(registry, id_, service) for service, id_ in (("t", "a"), ("s", "c"), ("s", "b"))]
    assert [i.id for i in registry.instances()] == ["b", "c", "a"]
    assert [i.id for i in registry.instances("s")] == ["b", "c"]
    assert {str(a) for a in registry.addresses("t")} == {sidecars[0].instance.address}
    assert registry.services() == {"s", "t"}
    for sidecar in sidecars:
        await sidecar.die()


async def test_who_leaves_is_gone_at_once_and_leaves_once(registry: Registry) -> None:
    sidecar = await Sidecar.start(registry, "a")
    changes = []
    registry.changed = lambda: changes.append(registry.instances())
    await sidecar.die()
    left = await asyncio.gather(*(registry.leave("a") for _ in range(3)))
    assert sorted(left) == [False, False, True]
    assert changes == [[]]
    assert await registry.leave("never-there") is False
    assert registry.services() == {"s"}


async def test_who_left_may_come_back(registry: Registry) -> None:
    sidecar = await Sidecar.start(registry, "a")
    for _ in range(5):
        assert await registry.leave("a")
        assert await sidecar.gone()
        await registry.renew(sidecar.instance)
        await until(sidecar.serves, "it serves again", 5)
    # Nothing that was still to be done for its leaving may undo that.
    await asyncio.sleep(LEASE_S)
    assert await sidecar.serves()
    await sidecar.die()


async def test_an_instance_that_dies_is_gone_in_seconds(registry: Registry) -> None:
    sidecar, other = await Sidecar.start(registry, "a"), await Sidecar.start(registry, "b")
    changed = asyncio.Event()
    registry.changed = changed.set
    await sidecar.die()
    await asyncio.wait_for(changed.wait(), 5)
    assert [i.id for i in registry.instances()] == ["b"]
    await other.die()


async def test_an_address_belongs_to_who_came_last(registry: Registry) -> None:
    sidecar = await Sidecar.start(registry, "a")
    newer = sidecar.instance.model_copy(update={"id": "b"})
    sidecar.instance = newer
    await registry.renew(newer)
    await until(sidecar.serves, "the newer serves", 5)
    assert [i.id for i in registry.instances()] == ["b"]
    await sidecar.die()


async def test_what_an_instance_says_of_its_models_changes_no_endpoint(registry: Registry) -> None:
    sidecar = await Sidecar.start(registry, "a", models=[])
    changes = []
    registry.changed = lambda: changes.append(registry.instances())
    model = LoadedModel(name="iris", version="1", state="ready")
    sidecar.instance = sidecar.instance.model_copy(update={"models": (model,)})
    await until(sidecar.serves, "the model is shown", 5)
    assert changes == []
    await sidecar.die()


async def test_an_instance_that_moves_takes_its_endpoint_with_it(registry: Registry) -> None:
    sidecar, other = await Sidecar.start(registry, "a"), await Sidecar.start(registry, "b")
    await other.die()
    await registry.leave("b")
    await sidecar.move()
    await until(sidecar.serves, "it serves there", 5)
    assert [str(a) for a in registry.addresses("s")] == [sidecar.instance.address]
    await asyncio.sleep(2 * TIMES.interval_s)
    assert await sidecar.serves()
    await sidecar.die()


async def test_the_next_registry_knows_who_is_there_and_which_services_ever_were(new_registry: NewRegistry) -> None:
    async with new_registry() as first:
        sidecar = await Sidecar.start(first, "a")
        await (await Sidecar.start(first, "b", "once")).die()
        assert await first.leave("b")
        # What is owed to the store is paid at once when it is there.
        await asyncio.sleep(0.3)
    async with new_registry() as second:
        assert second.instances() == [sidecar.instance]
        assert second.services() == {"s", "once"}
    await sidecar.die()


async def test_a_record_that_cannot_be_read_keeps_no_registry_from_starting(
    new_registry: NewRegistry, caplog: pytest.LogCaptureFixture
) -> None:
    async with new_registry() as first:
        sidecar = await Sidecar.start(first, "a")
        # What is owed to the store is paid at once when it is there.
        await asyncio.sleep(0.3)
        assert isinstance(first, LeaseRegistry | ConsulRegistry)
        await first._store.put(INSTANCES + "later", b'{"of_a_later_version": 1}')
    async with new_registry() as second:
        assert second.instances() == [sidecar.instance]
        assert [record.levelname for record in caplog.records if "of_a_later_version" in record.message] != []
    await sidecar.die()
