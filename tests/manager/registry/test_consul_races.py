"""The registry with Consul where two things happen at once: lists and registrations, registering and leaving."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Any

import pytest
from mesh import until
from registries import Sidecar, at_agent, consul_registry, in_kv, never_without
from servers import ConsulAgent

from catenary.messages import Instance
from catenary.store import Entry
from catenary.store.consul import ConsulStore
from catenary.store.consul_client import ConsulClient
from manager.registry import INSTANCES
from manager.registry.agent import AgentServices
from manager.registry.consul import ConsulRegistry


class HeldStore(ConsulStore):
    """Its lists come when they are let through."""

    def __init__(self, consul: ConsulClient) -> None:
        super().__init__(consul)
        self.waits = asyncio.Event()
        """A list has come."""
        self.let = asyncio.Event()
        self.let.set()

    async def follow(self, prefix: str) -> AsyncGenerator[tuple[int, Sequence[Entry]], None]:
        async for answer in super().follow(prefix):
            self.waits.set()
            await self.let.wait()
            yield answer

    async def next(self) -> None:
        self.waits.clear()
        await asyncio.wait_for(self.waits.wait(), 5)

    @classmethod
    def of(cls, registry: ConsulRegistry) -> HeldStore:
        assert isinstance(registry._store, cls)
        return registry._store


async def test_a_list_from_before_a_registration_does_not_undo_it(consul_agent: ConsulAgent) -> None:
    async with consul_registry(consul_agent.url, store=HeldStore) as registry:
        store = HeldStore.of(registry)
        store.let.clear()
        other = Instance(id="other", service="s", address="127.0.0.1:9")
        listed = asyncio.create_task(store.next())
        await store.put(INSTANCES + other.id, other.model_dump_json().encode())
        await listed
        sidecar = await Sidecar.start(registry, "a")
        with never_without(registry, "a"):
            store.let.set()
            await store.next()
            await asyncio.sleep(0.1)
        await sidecar.die()


async def test_an_instance_of_which_a_registry_has_not_heard_leaves_all_the_same(consul_agent: ConsulAgent) -> None:
    async with (
        consul_registry(consul_agent.url) as one,
        consul_registry(consul_agent.url, store=HeldStore) as two,
    ):
        HeldStore.of(two).let.clear()
        sidecar = await Sidecar.start(one, "a")
        # It lives on, without a word.
        sidecar.mute()
        assert two.instances() == []
        assert await two.leave("a")
        await until(sidecar.gone, "it is gone from the other", 2)
        assert await in_kv(consul_agent) == []
        sidecar.deaf()


class Gate:
    """Whoever calls a method waits inside until it is let through."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: type, method: str) -> None:
        self.inside, self.let = asyncio.Event(), asyncio.Event()
        call = getattr(owner, method)

        async def slow(*words: Any, **options: Any) -> Any:
            self.inside.set()
            await self.let.wait()
            return await call(*words, **options)

        monkeypatch.setattr(owner, method, slow)


@pytest.mark.parametrize("is_new", [True, False], ids=["for the first time", "anew"])
@pytest.mark.parametrize(("owner", "method"), [(ConsulStore, "put"), (AgentServices, "register")], ids=["kv", "agent"])
async def test_who_leaves_while_it_is_being_registered_has_left(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch, is_new: bool, owner: type, method: str
) -> None:
    async with consul_registry(consul_agent.url, store=HeldStore) as registry:
        # So that only what the registry itself has written tells it of a revision.
        HeldStore.of(registry).let.clear()
        sidecar = await Sidecar.start(registry, "first" if is_new else "a")
        sidecar.mute()
        gate = Gate(monkeypatch, owner, method)
        renewing = asyncio.create_task(registry.renew(sidecar.instance.model_copy(update={"id": "a", "version": "2"})))
        await gate.inside.wait()
        leaving = asyncio.create_task(registry.leave("a"))
        await asyncio.sleep(0.1)
        gate.let.set()
        await renewing
        assert await leaving
        assert "a" not in [i.id for i in registry.instances()]
        HeldStore.of(registry).let.set()

        async def removed() -> bool:
            return "catenary/instances/a" not in await in_kv(consul_agent) and "a" not in await at_agent(consul_agent)

        await until(removed, "it is removed", 3)
        assert "a" not in [i.id for i in registry.instances()]
        sidecar.deaf()


async def test_what_an_instance_says_through_another_registry_while_it_is_being_registered_stands(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with consul_registry(consul_agent.url) as registry:
        sidecar = await Sidecar.start(registry, "a")
        sidecar.mute()
        gate = Gate(monkeypatch, AgentServices, "register")
        renewing = asyncio.create_task(registry.renew(sidecar.instance.model_copy(update={"version": "2"})))
        await gate.inside.wait()
        sidecar.instance = sidecar.instance.model_copy(update={"version": "3"})
        await registry._store.put(INSTANCES + "a", sidecar.instance.model_dump_json().encode())
        await until(sidecar.serves, "what it says is shown", 2)
        gate.let.set()
        await renewing
        assert await sidecar.serves()
        await sidecar.die()
