"""The manager goes and comes back: nothing is lost, and requests do not notice."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import sys
import tempfile

import pytest
from aiohttp import web
from mesh import CHECKOUT, Mesh, until

from catenary import names
from catenary.address import TcpAddress, UnixAddress, free_port
from catenary.node import Node
from catenary.store.sqlite import SqliteStore

LEASE_S = 2.0


async def _ok(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response([])


async def _synchronised(mesh: Mesh) -> bool:
    async with mesh.session.get(mesh.manager_url + names.ENVOYS_PATH) as answer:
        envoys = await answer.json()
    return any(e["role"] == "gateway" and e["synchronised"] for e in envoys)


async def test_pipelines_survive_a_killed_manager_and_requests_do_not_notice() -> None:
    async with Mesh(lease_s=LEASE_S) as mesh:
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
        await asyncio.sleep(LEASE_S * 1.5)
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
        second = await mesh.start_envoy(node)

        async def refused() -> bool:
            async with mesh.session.get(mesh.manager_url + names.ENVOYS_PATH) as answer:
                second = [e for e in await answer.json() if e["id"] == "gateway-2"]
            return bool(second and second[0]["errors"] and "bind" in second[0]["errors"][0])

        await until(refused, "the refusal is shown")
        # Not every gateway serves it, and the API goes on saying so.
        await mesh.step("a", _ok)
        assert (await mesh.pipeline("p", "a/m"))["state"] == "pending"
        async with mesh.session.get(f"{mesh.manager_url}{names.PIPELINES_PATH}/p") as answer:
            assert (await answer.json())["state"] == "pending"
        async with mesh.session.post(mesh.serve_url("p"), json=[]) as served:
            assert served.status == 200
        await second.stop()

        async def ready() -> bool:
            async with mesh.session.get(f"{mesh.manager_url}{names.PIPELINES_PATH}/p") as answer:
                return bool((await answer.json())["state"] == "ready")

        await until(ready, "the gateway that refused is gone")


async def test_a_gateway_that_is_silently_gone_is_waited_for_no_longer() -> None:
    """As when its machine has lost its power: the connection stands, and nobody answers on it."""
    async with Mesh() as mesh:
        node = Node("gateway-2", "gateway", "gateway", TcpAddress("127.0.0.1", free_port()), UnixAddress("/nowhere"), 1)
        second = await mesh.start_envoy(node)
        await mesh.until_open(node.listen)
        assert (await mesh.pipeline("p", "a/m"))["state"] == "waiting"
        second.child.send_signal(signal.SIGSTOP)
        try:
            assert (await mesh.pipeline("q", "a/m"))["state"] == "pending"

            async def let_go() -> bool:
                async with mesh.session.get(f"{mesh.manager_url}{names.PIPELINES_PATH}/q") as answer:
                    return bool((await answer.json())["state"] == "waiting")

            await until(let_go, "the gateway that is gone is let go of", timeout_s=45)
        finally:
            await second.stop(signal.SIGKILL)


async def test_a_port_in_use_is_one_sentence() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        taken = f"127.0.0.1:{holder.getsockname()[1]}"
        for setting in ("CATENARY_XDS", "CATENARY_LISTEN"):
            with tempfile.TemporaryDirectory() as folder:
                free = {"CATENARY_XDS": f"127.0.0.1:{free_port()}", "CATENARY_LISTEN": f"127.0.0.1:{free_port()}"}
                child = await asyncio.create_subprocess_exec(
                    *(sys.executable, "-m", "manager"),
                    env=os.environ
                    | free
                    | {setting: taken, "CATENARY_STATE_DIR": folder, "CATENARY_LOG_LEVEL": "error"},
                    cwd=CHECKOUT,
                    stderr=asyncio.subprocess.PIPE,
                )
                _, said = await child.communicate()
            assert child.returncode == 2
            assert taken in said.decode()
            assert "Traceback" not in said.decode()


async def test_a_manager_whose_clusters_look_otherwise_is_taken_over_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Mesh() as mesh:
        await mesh.step("a", _ok)
        await mesh.pipeline("p", "a/m")
        assert mesh.manager
        await mesh.manager.stop(signal.SIGKILL)
        other = mesh.folder / "other"
        shutil.copytree(CHECKOUT / "manager", other / "manager")
        for folder in ("catenary", "envoy"):
            (other / folder).symlink_to(CHECKOUT / folder)
        clusters = other / "manager" / "xds" / "clusters.py"
        text = clusters.read_text()
        clusters.write_text(text.replace("connect_timeout=Duration(seconds=1)", "connect_timeout=Duration(seconds=3)"))
        assert clusters.read_text() != text
        monkeypatch.setattr("mesh.CHECKOUT", other)
        await mesh.start_manager()
        await until(lambda: _synchronised(mesh), "the gateway has the new clusters", timeout_s=5)
        assert (await mesh.pipeline("q", "a/m"))["state"] == "ready"
        async with mesh.session.post(mesh.serve_url("q"), json=[]) as answer:
            assert answer.status == 200


async def test_a_stored_pipeline_that_cannot_be_read_does_not_keep_the_others_from_being_served() -> None:
    async with Mesh() as mesh:
        await mesh.pipeline("old", "a/m")
        await mesh.pipeline("good", "a/m")
        assert mesh.manager
        await mesh.manager.stop()
        store = SqliteStore(mesh.folder / "state" / "manager.db")
        await store.open()
        await store.put("catenary/pipelines/old", b'{"name": "old", "chain": ["a/m"], "of_a_later_version": 1}')
        await store.close()
        await mesh.start_manager()
        async with mesh.session.get(mesh.manager_url + names.PIPELINES_PATH) as answer:
            assert [p["name"] for p in await answer.json()] == ["good"]
        async with mesh.session.get(f"{mesh.manager_url}{names.PIPELINES_PATH}/old") as answer:
            assert answer.status == 500
            assert "of_a_later_version" in (await answer.json())["error"]
