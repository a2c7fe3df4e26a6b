"""The registry with Consul: what is told to it, what its checks decide, and two registries on one agent."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from mesh import until
from registries import LEASE_S, TIMES, Sidecar, at_agent, consul_registry, in_kv, never_without
from servers import ConsulAgent

from catenary.errors import Unavailable
from catenary.store.consul_client import _Http
from manager.registry.agent import AgentServices

METRICS = "127.0.0.1:9102"
SILENCE_S = LEASE_S + TIMES.interval_s + TIMES.timeout_s


async def test_what_is_told_to_consul_can_be_read_there(consul_agent: ConsulAgent) -> None:
    async with consul_registry(consul_agent.url) as registry:
        sidecar = await Sidecar.start(registry, "x-1", "serving-x", version="7", health_path="/health", metrics=METRICS)
        services = await at_agent(consul_agent)
        host, _, port = sidecar.instance.address.rpartition(":")
        told = services["x-1"]
        assert (told["Service"], told["Address"], told["Port"]) == ("serving-x", host, int(port))
        assert (told["Tags"], told["Meta"]) == (["version=7"], {"catenary": "instance", "metrics": METRICS})
        await sidecar.die()
        assert await registry.leave("x-1")

        async def removed() -> bool:
            return "x-1" not in await at_agent(consul_agent) and await in_kv(consul_agent) == []

        await until(removed, "it is removed", 5)


@pytest.mark.parametrize("health_path", ["/health", None], ids=["http", "tcp"])
async def test_consuls_check_decides_and_its_words_are_told(consul_agent: ConsulAgent, health_path: str | None) -> None:
    async with consul_registry(consul_agent.url) as registry:
        sidecar = await Sidecar.start(registry, "a", health_path=health_path)
        if health_path:
            sidecar.status = 503
        else:
            sidecar.deaf()  # It goes on renewing itself.
        await until(sidecar.gone, "it takes no requests", 5)
        assert ("503" if health_path else "refused") in registry.faults("s")["a"]
        # It is still registered, and comes back by itself; not because it is registered anew.
        assert "a" in await at_agent(consul_agent)
        served: list[Any] = []
        registry.changed = lambda: served.extend(registry.instances())
        async with consul_agent.request("PUT", "/v1/agent/service/deregister/a") as answer:
            assert answer.status == 200

        async def registered() -> bool:
            return "a" in await at_agent(consul_agent)

        await until(registered, "it is registered anew", 5)
        await asyncio.sleep(0.3)
        assert served == []
        if health_path:
            sidecar.status = 200
            await until(sidecar.serves, "it serves again", 5)
            assert registry.faults("s") == {}
        await sidecar.die()


async def test_renewing_what_has_not_changed_costs_no_call(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with consul_registry(consul_agent.url) as registry:
        sidecar = await Sidecar.start(registry, "a")
        calls: list[tuple[str, str]] = []
        call = _Http._call

        async def counted(self: _Http, method: str, callback: Any, path: str, *rest: Any, **options: Any) -> Any:
            if "wait" not in dict(rest[0] or ()):
                calls.append((method, path))
            return await call(self, method, callback, path, *rest, **options)

        monkeypatch.setattr(_Http, "_call", counted)
        for _ in range(50):
            await registry.renew(sidecar.instance)
        assert calls == []
        # What its agent has lost, that alone is told again.
        async with consul_agent.request("PUT", "/v1/agent/service/deregister/a") as answer:
            assert answer.status == 200

        async def registered() -> bool:
            return "a" in await at_agent(consul_agent)

        await until(registered, "it is registered again", 5)
        # The list of what was told at first may come meanwhile, and has its own questions.
        assert {path for method, path in calls if method == "PUT"} == {"/v1/agent/service/register"}
        await sidecar.die()


async def test_an_operators_maintenance_is_honoured(consul_agent: ConsulAgent) -> None:
    async with consul_registry(consul_agent.url) as registry:
        sidecar = await Sidecar.start(registry, "a")
        for enable, reached in (("true", sidecar.gone), ("false", sidecar.serves)):
            path = f"/v1/agent/service/maintenance/a?enable={enable}"
            async with consul_agent.request("PUT", path) as answer:
                assert answer.status == 200
            await until(reached, f"maintenance: {enable}", 5)
        await sidecar.die()


async def test_one_that_consul_has_deregistered_comes_back_if_it_lives_and_is_forgotten_if_not(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any, **_options: Any) -> None:
        raise Unavailable("Consul refuses it")

    async with consul_registry(consul_agent.url) as registry:
        living, dead = await Sidecar.start(registry, "living"), await Sidecar.start(registry, "dead")
        await dead.die()
        await until(dead.gone, "the dead takes no requests", 5)
        with never_without(registry, "living"):
            # For longer than anyone may be silent, its agent does not take it.
            monkeypatch.setattr(AgentServices, "register", refuse)
            for id_ in ("living", "dead"):
                async with consul_agent.request("PUT", f"/v1/agent/service/deregister/{id_}") as answer:
                    assert answer.status == 200

            async def forgotten() -> bool:
                return await in_kv(consul_agent) == ["catenary/instances/living"]

            await until(forgotten, "the dead is forgotten", SILENCE_S + 5)
            await asyncio.sleep(1)
            monkeypatch.undo()

            async def registered() -> bool:
                return set(await at_agent(consul_agent)) == {"living"}

            await until(registered, "the living is registered again", 5)
            assert await forgotten()
        await living.die()


async def test_two_registries_on_one_agent_show_the_same_and_either_may_let_go(consul_agent: ConsulAgent) -> None:
    async with consul_registry(consul_agent.url) as one, consul_registry(consul_agent.url) as two:
        sidecars = [await Sidecar.start(one, "a"), await Sidecar.start(two, "b")]

        async def same() -> bool:
            return [[i.id for i in r.instances()] for r in (one, two)] == [["a", "b"]] * 2

        await until(same, "both show both", 2)
        await sidecars[0].die()
        assert await two.leave("a")

        async def left() -> bool:
            return [[i.id for i in r.instances()] for r in (one, two)] == [["b"]] * 2

        await until(left, "both show one", 2)
        # The other takes over its renewals; for that nothing has to be written.
        sidecars[1].registry = one
        await asyncio.sleep(LEASE_S)
        assert await left()
        assert set(await at_agent(consul_agent)) == {"b"}
        await sidecars[1].die()


async def test_an_instance_that_leaves_right_after_it_came_through_another_registry(consul_agent: ConsulAgent) -> None:
    async with consul_registry(consul_agent.url) as one, consul_registry(consul_agent.url) as two:
        for number in range(5):
            sidecar = await Sidecar.start(one, f"a{number}")
            await sidecar.die()
            assert await two.leave(f"a{number}")
            await until(sidecar.gone, "it is gone from both", 2)
        assert two.instances() == []
