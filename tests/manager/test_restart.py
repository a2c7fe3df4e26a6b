"""The manager goes and comes back: nothing is lost, and requests do not notice."""

from __future__ import annotations

import asyncio
import signal

from aiohttp import web
from mesh import Mesh, until

from catenary import names
from catenary.address import TcpAddress, UnixAddress
from catenary.node import Node


async def _ok(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response([])


async def _synchronised(mesh: Mesh) -> bool:
    async with mesh.session.get(mesh.manager_url + names.ENVOYS_PATH) as answer:
        envoys = await answer.json()
    return any(e["role"] == "gateway" and e["synchronised"] for e in envoys)


async def test_pipelines_survive_a_killed_manager_and_requests_do_not_notice() -> None:
    async with Mesh() as mesh:
        await mesh.step("a", _ok)
        await mesh.step("b", _ok)
        made = await mesh.pipeline("p", "a/m", "b/m")
        statuses: list[int] = []
        stop = asyncio.Event()

        async def client() -> None:
            while not stop.is_set():
                async with mesh.session.post(mesh.serve_url("p"), json=[]) as answer:
                    statuses.append(answer.status)

        clients = [asyncio.create_task(client()) for _ in range(4)]
        assert mesh.manager
        await mesh.manager.stop(signal.SIGKILL)
        # Longer than a lease: a manager that is away lets nothing expire.
        await asyncio.sleep(mesh.lease_s * 1.5)
        async with mesh.session.post(mesh.serve_url("unknown"), json=[]) as answer:
            assert answer.status == 404
        await mesh.start_manager()
        await until(lambda: _synchronised(mesh), "the gateway is synchronised again")
        async with mesh.session.get(f"{mesh.manager_url}{names.PIPELINES_PATH}/p") as answer:
            assert await answer.json() == made
        await mesh.pipeline("q", "b/m")
        async with mesh.session.post(mesh.serve_url("q"), json=[]) as answer:
            assert answer.status == 200
        stop.set()
        await asyncio.gather(*clients)
        assert len(statuses) > 100
        assert set(statuses) == {200}


async def test_a_manager_that_returns_knows_instances_until_a_lease_is_over() -> None:
    async with Mesh(lease_s=1.0) as mesh:
        step = await mesh.step("a", _ok)
        await mesh.pipeline("p", "a/m")
        await step.vanish()  # says nothing to the registry
        assert mesh.manager
        await mesh.manager.stop(signal.SIGKILL)
        await mesh.start_manager()

        async def instances() -> list[str]:
            async with mesh.session.get(mesh.manager_url + names.INSTANCES_PATH) as answer:
                return [i["id"] for i in await answer.json()]

        assert await instances() == [step.node.id]

        async def gone() -> bool:
            return await instances() == []

        await until(gone, "the lease is over", timeout_s=5)


async def test_an_envoy_that_refuses_its_configuration_is_shown_with_the_reason() -> None:
    async with Mesh() as mesh:
        # An address of documentation (RFC 5737), which no machine has, cannot be bound.
        elsewhere = TcpAddress("203.0.113.7", 8083)
        node = Node("gateway-2", "gateway", "gateway", elsewhere, UnixAddress("/nowhere"), 1)
        await mesh.start_envoy(node)

        async def refused() -> bool:
            async with mesh.session.get(mesh.manager_url + names.ENVOYS_PATH) as answer:
                second = [e for e in await answer.json() if e["id"] == "gateway-2"]
            return bool(second and second[0]["errors"] and "bind" in second[0]["errors"][0])

        await until(refused, "the refusal is shown")
        answer = await mesh.pipeline("p", "a/m")
        assert answer["state"] == "waiting"
        async with mesh.session.post(mesh.serve_url("p"), json=[]) as served:
            assert served.status == 503
