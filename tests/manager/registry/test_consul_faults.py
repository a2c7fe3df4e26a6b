"""The registry where Consul hangs, refuses, is away, comes back or has lost its data, and where an agent dies."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from mesh import until
from registries import LEASE_S, TIMES, Sidecar, at_agent, consul_registry, in_kv, never_without
from servers import ConsulAgent

from catenary.errors import Unavailable
from catenary.messages import Instance
from manager.history import KEY
from manager.registry import INSTANCES
from manager.registry.agent import AgentServices
from manager.standing import Standing

SILENCE_S = LEASE_S + TIMES.interval_s + TIMES.timeout_s


async def test_while_consul_hangs_nobody_waits_for_the_others(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with consul_registry(consul_agent.url) as registry:
        monkeypatch.setattr("catenary.store.consul_client.CALL_S", 0.5)
        instances = [Instance(id=f"i{n}", service="s", address=f"127.0.0.1:{n}") for n in range(1, 9)]
        consul_agent.freeze()
        try:
            async with asyncio.timeout(1.5):
                answers = await asyncio.gather(*(registry.renew(i) for i in instances), return_exceptions=True)
        finally:
            consul_agent.thaw()
        assert [type(answer) for answer in answers] == [Unavailable] * len(instances)


async def test_what_consul_refuses_to_remove_keeps_no_other_from_being_removed(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = Standing()
    deregister = AgentServices.deregister

    async def refuse_one(self: AgentServices, instance_id: str) -> None:
        if instance_id == "a":
            raise Unavailable("Consul refuses the token")
        await deregister(self, instance_id)

    async with consul_registry(consul_agent.url, standing) as registry:
        sidecars = [await Sidecar.start(registry, id_) for id_ in "abc"]
        monkeypatch.setattr(AgentServices, "deregister", refuse_one)
        for sidecar in sidecars:
            await sidecar.die()
            assert await registry.leave(sidecar.instance.id)

        async def the_others() -> bool:
            return set(await at_agent(consul_agent)) == {"a"}

        await until(the_others, "the others are removed", 5)
        assert standing.faults == ("Consul refuses the token",)
        monkeypatch.undo()

        async def all_of_them() -> bool:
            return await at_agent(consul_agent) == {} and standing.since is None

        await until(all_of_them, "it is removed when Consul lets it be", 10)


async def test_a_loss_that_another_manager_has_mended_is_not_seen_in_the_next_leaving(
    consul_agent: ConsulAgent,
) -> None:
    async with consul_registry(consul_agent.url) as one, consul_registry(consul_agent.url) as two:
        sidecars = [await Sidecar.start(two, id_) for id_ in "ab"]
        for sidecar in sidecars:
            sidecar.registry = one
            await until(sidecar.serves, "both show it", 5)
        # As it looks when the other was faster: another name, everything there, each under a new revision.
        store = two._store
        await store.put(KEY, b"another")
        for sidecar in sidecars:
            await store.put(INSTANCES + sidecar.instance.id, sidecar.instance.model_dump_json().encode() + b" ")
        # One that leaves is seen when the lists before are taken.
        third = await Sidecar.start(two, "c")
        third.registry = one
        await until(third.serves, "both show it", 5)
        sidecars[0].mute()
        await store.delete(INSTANCES + "a")
        await until(sidecars[0].gone, "it has left, it has not been lost", 1)
        for sidecar in (*sidecars, third):
            await sidecar.die()


async def test_after_a_snapshot_is_restored_all_show_what_consul_holds(consul_agent: ConsulAgent) -> None:
    async with consul_registry(consul_agent.url) as one, consul_registry(consul_agent.url) as two:
        first = await Sidecar.start(one, "a")
        async with consul_agent.request("GET", "/v1/snapshot") as answer:
            snapshot = await answer.read()
        for number in range(20):
            await one._store.put("catenary/other", str(number).encode())
        second = await Sidecar.start(one, "b")
        async with consul_agent.request("PUT", "/v1/snapshot", data=snapshot) as answer:
            assert answer.status == 200

        async def agree() -> bool:
            shown = [[i.id for i in registry.instances()] for registry in (one, two)]
            there = [f"catenary/instances/{id_}" for id_ in "ab"]
            return shown == [["a", "b"]] * 2 and await in_kv(consul_agent) == there

        await until(agree, "what came after the snapshot has registered itself again", 8)
        for sidecar in (first, second):
            await sidecar.die()


async def test_only_what_lacks_its_key_twice_is_removed_from_the_agent(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("manager.registry.consul.RECONCILE_S", 0.5)
    listed = asyncio.Condition()
    ids = AgentServices.ids

    async def told(self: AgentServices) -> set[str]:
        found = await ids(self)
        async with listed:
            listed.notify_all()
        return found

    monkeypatch.setattr(AgentServices, "ids", told)
    instances = {id_: Instance(id=id_, service="s", address=f"127.0.0.1:{n}") for n, id_ in ((1, "came"), (2, "left"))}
    for instance in instances.values():
        service = {"ID": instance.id, "Name": "s", "Meta": {"catenary": "instance"}}
        async with consul_agent.request("PUT", "/v1/agent/service/register", json=service) as answer:
            assert answer.status == 200
    async with consul_registry(consul_agent.url) as registry:
        async with listed:
            await listed.wait()
        await asyncio.sleep(0.1)
        assert set(await at_agent(consul_agent)) == {"came", "left"}
        await registry._store.put(INSTANCES + "came", instances["came"].model_dump_json().encode())

        async def removed() -> bool:
            return set(await at_agent(consul_agent)) == {"came"}

        await until(removed, "what lacks its key still is removed", 3)


@contextlib.asynccontextmanager
async def second_agent(first: ConsulAgent, folder: Path) -> AsyncIterator[ConsulAgent]:
    """A client agent of the same cluster, as on another machine."""
    agent = ConsulAgent(folder)
    settings = json.loads((first.folder / "agent.json").read_text())
    own = json.loads((folder / "agent.json").read_text())
    own |= {"server": False, "node_name": "other", "retry_join": [f"127.0.0.1:{settings['ports']['serf_lan']}"]}
    del own["bootstrap"]
    own["retry_interval"] = "1s"
    (folder / "agent.json").write_text(json.dumps(own))
    async with agent:
        yield agent


async def test_managers_with_agents_of_their_own_clean_up_after_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("manager.registry.consul.RECONCILE_S", 0.3)
    async with (
        ConsulAgent(tmp_path / "one") as server,
        second_agent(server, tmp_path / "two") as client,
        consul_registry(server.url) as here,
        consul_registry(client.url) as there,
    ):
        sidecar, stays = await Sidecar.start(there, "a"), await Sidecar.start(there, "b")
        assert set(await at_agent(client)) == {"a", "b"}
        assert await at_agent(server) == {}
        sidecar.registry = here
        await until(sidecar.serves, "the other manager shows it", 5)
        await sidecar.die()
        assert await here.leave("a")

        async def removed() -> bool:
            return set(await at_agent(client)) == {"b"}

        await until(removed, "it is removed where it was registered", 5)
        # With its agent nobody checks it any more, and its manager refuses it: the other's agent takes that over.
        stays.next = here
        with never_without(here, "b"):
            await client.kill()

            async def taken_over() -> bool:
                return "b" in await at_agent(server)

            await until(taken_over, "the other agent checks it", 20)
            await asyncio.sleep(SILENCE_S + 0.5)
        await stays.die()
        stays.registry = here
        await until(stays.gone, "a check has failed", 5)


async def test_an_agent_that_starts_anew_drops_no_endpoint_but_those_of_the_dead(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul") as agent, consul_registry(agent.url) as registry:
        living, dead = await Sidecar.start(registry, "living"), await Sidecar.start(registry, "dead")
        with never_without(registry, "living"):
            await agent.stop()
            await dead.die()
            await agent.start()
            await until(dead.gone, "the dead is gone", SILENCE_S + 5)
            # Until each check has run, and is told of.
            await asyncio.sleep(2 * TIMES.interval_s)
        await living.die()
        await until(living.gone, "it is checked again", 5)


async def test_an_agent_that_comes_back_empty_is_filled_again_and_no_endpoint_is_dropped(tmp_path: Path) -> None:
    agent = ConsulAgent(tmp_path / "consul")
    await agent.start()
    async with consul_registry(agent.url) as registry:
        living, dead = await Sidecar.start(registry, "living"), await Sidecar.start(registry, "dead")
        with never_without(registry, "living"):
            await agent.kill()
            shutil.rmtree(tmp_path / "consul" / "data")
            await dead.die()
            await agent.start()

            async def filled() -> bool:
                return set(await at_agent(agent)) == {"living"}

            await until(filled, "it has registered itself again", 10)
            await until(dead.gone, "the dead is gone", SILENCE_S + 5)
            assert await in_kv(agent) == ["catenary/instances/living"]
        assert registry.services() == {"s"}
        await living.die()
        await until(living.gone, "a check has failed", 5)
    await agent.stop()


async def test_while_consul_is_away_the_known_stand_the_new_wait_and_who_leaves_is_gone(tmp_path: Path) -> None:
    standing = Standing()
    async with ConsulAgent(tmp_path / "consul") as agent, consul_registry(agent.url, standing) as registry:
        stays, leaves = await Sidecar.start(registry, "stays"), await Sidecar.start(registry, "leaves")
        with never_without(registry, "stays"):
            await agent.stop()

            async def noticed() -> bool:
                return standing.since is not None

            await until(noticed, "it is noticed", 5)
            # Another manager may reach Consul.
            with pytest.raises(Unavailable, match="cannot be reached"):
                await registry.renew(stays.instance)
            new = stays.instance.model_copy(update={"id": "new", "address": "127.0.0.1:9"})
            with pytest.raises(Unavailable, match="cannot be reached"):
                await registry.renew(new)
            await leaves.die()
            assert await registry.leave("leaves")
            assert await leaves.gone()
            # Its silence means nothing.
            stays.mute()
            await asyncio.sleep(SILENCE_S + 0.5)
            await agent.start()

            async def told() -> bool:
                return set(await at_agent(agent)) == {"stays"} and standing.since is None

            await until(told, "what had to wait has been told", 10)
            assert await in_kv(agent) == ["catenary/instances/stays"]
        await stays.die()


async def test_an_instance_that_no_agent_takes_is_refused_and_serves_nobody(tmp_path: Path) -> None:
    """The token may write to the KV, and may not register services."""
    async with ConsulAgent(tmp_path / "consul", acl=True) as agent:
        rules = 'key_prefix "catenary/" { policy = "write" }  node_prefix "" { policy = "read" }'
        async with agent.request("PUT", "/v1/acl/policy", json={"Name": "kv", "Rules": rules}) as answer:
            assert answer.status == 200
        async with agent.request("PUT", "/v1/acl/token", json={"Policies": [{"Name": "kv"}]}) as answer:
            token = (await answer.json())["SecretID"]
        async with consul_registry(agent.url, token=token) as registry:
            with pytest.raises(
                Unavailable,
                match=r"Consul refuses the token: .*(Missing service:write on s|lacks permission .service:write)",
            ):
                await Sidecar.start(registry, "a")
            assert registry.instances() == []

            async def forgotten() -> bool:
                return await in_kv(agent) == []

            await until(forgotten, "it is removed from the KV", 2)
