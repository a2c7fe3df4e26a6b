"""The manager on Consul: Consul goes, hangs, comes back, comes back empty; requests do not notice."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import shutil
import signal
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from control import Control
from mesh import CHECKOUT, Mesh, Process, until
from servers import ConsulAgent

from catenary import names
from catenary.address import TcpAddress, UnixAddress, free_port
from catenary.node import Node
from catenary.sidecar.bootstrap import bootstrap, envoy_command
from catenary.sidecar.envoy_binary import find_envoy

pytestmark = pytest.mark.asyncio(loop_scope="module")

FAST = {"CATENARY_CONSUL_CHECK_INTERVAL_S": "1", "CATENARY_CONSUL_CHECK_TIMEOUT_S": "1"}
GONE = "what was last known goes on being served"
BACK = "the store is well again"


async def _ok(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response([])


class Stack(Control):
    """A mesh on a Consul of its own."""

    def __init__(self, consul: ConsulAgent, mesh: Mesh) -> None:
        super().__init__(mesh, "Consul")
        self.consul = consul


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Stack]:
    folder = tmp_path_factory.mktemp("consul")
    async with ConsulAgent(folder) as consul, Mesh(CATENARY_CONSUL=consul.url, **FAST) as mesh:
        await mesh.step("a", _ok)
        yield Stack(consul, mesh)


@pytest_asyncio.fixture(loop_scope="module")
async def stack(whole: Stack) -> Stack:
    """With one instance of service `a`, and only pipeline `p`, which it serves; all is well."""
    await until(whole.is_well, "all is well")
    for name in await whole.named(names.PIPELINES_PATH, "name"):
        assert (await whole.call("DELETE", f"{names.PIPELINES_PATH}/{name}"))[0] == 200
    await whole.mesh.pipeline("p", "a/m")
    await whole.until_answers("p")
    return whole


async def test_consul_is_killed_under_load_and_comes_back(stack: Stack) -> None:
    told = stack.logged(GONE), stack.logged(BACK)
    async with stack.load() as load:
        await stack.consul.kill()
        await until(stack.is_degraded, "it is noticed", 5)
        document = (await stack.health())["store"]
        assert "cannot be reached" in document["errors"][0]
        assert document["since"].endswith("Z")
        assert await stack.write("q") == 503
        assert (await stack.call("DELETE", names.PIPELINES_PATH + "/p"))[0] == 503
        # What is asked for is what was last known.
        assert await stack.named(names.PIPELINES_PATH, "name") == ["p"]
        assert (await stack.call("GET", names.PIPELINES_PATH + "/p"))[1]["state"] == "ready"
        assert (await stack.call("GET", names.PIPELINES_PATH + "/q"))[0] == 404
        assert await stack.named(names.INSTANCES_PATH, "id") == ["a-1"]
        await stack.consul.start()
        await until(stack.is_well, "it is well again", 10)
        assert await stack.write("q") == 201
        # Until every check has run again.
        await asyncio.sleep(2)
        await load.answers(100)
    assert load.failures == []
    assert (stack.logged(GONE), stack.logged(BACK)) == (told[0] + 1, told[1] + 1)


async def test_a_manager_that_starts_before_consul_listens_says_so_and_goes_on_by_itself(stack: Stack) -> None:
    mesh = stack.mesh
    async with stack.load() as load:
        await stack.consul.stop()
        assert mesh.manager
        await mesh.manager.stop(signal.SIGKILL)
        await mesh.start_manager()
        document = await stack.health()
        assert (document["status"], document["pipelines"]) == ("degraded", None)
        assert await stack.write("q") == 503
        assert (await stack.call("GET", names.PIPELINES_PATH))[0] == 503
        assert (await stack.call("GET", names.INSTANCES_PATH))[0] == 503
        # A sidecar's Envoy needs to know of nobody else; a gateway's waits, rather than being told of nothing.
        sidecar = Node("b-1", "b", "sidecar", TcpAddress("127.0.0.1", free_port()), UnixAddress("/nowhere"), 1)
        gateway = Node("g-2", "gateway", "gateway", TcpAddress("127.0.0.1", free_port()), UnixAddress("/nowhere"), 1)
        await asyncio.gather(*(mesh.start_envoy(node) for node in (sidecar, gateway)))
        await mesh.until_open(sidecar.listen)
        with pytest.raises(OSError):
            await asyncio.open_connection(gateway.listen.host, gateway.listen.port)
        await stack.consul.start()
        await until(stack.is_well, "it has read Consul", 10)
        await mesh.until_open(gateway.listen)
        assert await stack.named(names.PIPELINES_PATH, "name") == ["p"]
        assert await stack.write("q") == 201
        await load.answers(100)
    assert load.failures == []


async def test_consul_comes_back_empty_and_is_given_what_it_has_lost(stack: Stack) -> None:
    for name in ("p", "q"):
        assert (await stack.mesh.pipeline(name, "a/m", timeout_s=5.0))["state"] == "ready"
    async with stack.load() as load:
        await stack.consul.kill()
        shutil.rmtree(stack.consul.folder / "data")
        await stack.consul.start()
        await until(stack.is_well, "it is well again", 10)

        async def stored() -> bool:
            kept = []
            for kind in ("pipelines", "instances"):
                async with stack.consul.request("GET", f"/v1/kv/catenary/{kind}/?keys") as answer:
                    kept += await answer.json() if answer.status == 200 else []
            return kept == [f"catenary/{key}" for key in ("pipelines/p", "pipelines/q", "instances/a-1")]

        await until(stored, "it has everything again", 10)
        # Longer than any instance may go without a word.
        await asyncio.sleep(4)
        await load.answers(100)
        assert await stack.named(names.INSTANCES_PATH, "id") == ["a-1"]
    assert load.failures == []
    # What is deleted, be it all of it, is not brought back.
    for name in ("p", "q"):
        assert (await stack.call("DELETE", f"{names.PIPELINES_PATH}/{name}"))[0] == 200
    async with stack.consul.request("GET", "/v1/kv/catenary/pipelines/?keys") as answer:
        assert answer.status == 404


async def test_consul_hangs_for_longer_than_it_may_hold_a_question(stack: Stack) -> None:
    clock = asyncio.get_running_loop().time
    async with stack.load() as load:
        stack.consul.freeze()
        await until(stack.is_degraded, "it is noticed", 12)
        assert "does not answer" in (await stack.health())["store"]["errors"][0]
        start = clock()
        assert await stack.named(names.PIPELINES_PATH, "name") == ["p"]
        assert await stack.named(names.INSTANCES_PATH, "id") == ["a-1"]
        assert clock() - start < 2
        assert await stack.write("q") == 503
        stack.consul.thaw()
        await until(stack.is_well, "it is well again", 10)
        assert await stack.write("r") == 201
        await load.answers(100)
    assert load.failures == []


async def test_pipelines_that_somebody_else_deletes_from_consul_are_gone(stack: Stack) -> None:
    async with stack.consul.request("DELETE", "/v1/kv/catenary/pipelines/?recurse") as answer:
        assert answer.status == 200

    async def gone() -> bool:
        async with stack.mesh.session.post(stack.mesh.serve_url("p"), json=[]) as answer:
            return answer.status == 404

    await until(gone, "the gateway has been told", 10)
    assert await stack.named(names.PIPELINES_PATH, "name") == []


@contextlib.asynccontextmanager
async def second_manager(stack: Stack) -> AsyncIterator[tuple[Process, str, str]]:
    """Another manager on the same Consul with a gateway's Envoy of its own: itself, its URL and the gateway's."""
    mesh = stack.mesh
    url, xds = f"http://127.0.0.1:{free_port()}", mesh.folder / "xds-2.sock"
    manager = await Process.start(
        [sys.executable, "-m", "manager"],
        mesh.folder / "manager-2.log",
        CATENARY_LISTEN=url.removeprefix("http://"),
        CATENARY_XDS=f"unix:{xds}",
        **mesh.manager_settings,
    )
    listen, app = TcpAddress("127.0.0.1", free_port()), UnixAddress(str(mesh.folder / "gateway.sock"))
    node = Node("gateway-2", "gateway", "gateway", listen, app, mesh.body_bytes)
    file = mesh.folder / "gateway-2.json"
    file.write_text(json.dumps(bootstrap(node, [UnixAddress(str(xds))], mesh.folder / "gateway-2.admin")))
    envoy = await Process.start(envoy_command(find_envoy(), file, node, "text"), mesh.folder / "gateway-2.log")
    try:
        await mesh.until_answers(f"http://{node.listen}{names.HEALTH_PATH}")
        yield manager, url, f"http://{node.listen}{names.SERVE_PATH}"
    finally:
        await envoy.stop()
        await manager.stop()


async def test_two_managers_hold_the_same_and_either_may_be_killed(stack: Stack) -> None:
    mesh, clock = stack.mesh, asyncio.get_running_loop().time
    async with second_manager(stack) as (manager, other, serve):
        assert await stack.named(names.INSTANCES_PATH, "id", other) == ["a-1"]

        async def status(pipeline: str) -> int:
            async with mesh.session.post(f"{serve}/{pipeline}", json=[]) as answer:
                return answer.status

        for name in ("q0", "q1", "q2"):
            assert await stack.write(name) == 201
            start = clock()
            while await status(name) != 200:
                assert clock() - start < 1, f"{name} has not reached the other manager's gateway"
                await asyncio.sleep(0.01)
            _, document, headers = await stack.call("GET", f"{names.PIPELINES_PATH}/{name}", url=other)
            assert document["revision"] == int(headers["etag"].strip('"'))

        # Who was slower loses, whichever manager it asked.
        path = f"{names.PIPELINES_PATH}/q0"
        stale = (await stack.call("GET", path))[2]["etag"]
        for url, expected in ((other, 200), (mesh.manager_url, 412)):
            body = {"chain": ["a/m"], "timeout_s": 7.0}
            async with mesh.session.put(url + path, json=body, headers={"if-match": stale}) as answer:
                assert answer.status == expected
        assert (await stack.call("GET", path))[1]["timeout_s"] == 7.0

        assert mesh.manager
        await mesh.manager.stop(signal.SIGKILL)
        assert (await stack.call("DELETE", path, url=other))[1]["state"] == "deleted"
        assert await status("q0") == 404
        await mesh.start_manager()
        await manager.stop(signal.SIGKILL)
        assert await stack.named(names.PIPELINES_PATH, "name") == ["p", "q1", "q2"]
        assert await stack.named(names.INSTANCES_PATH, "id") == ["a-1"]
        assert await stack.write("last") == 201


async def test_an_instance_that_registers_through_one_manager_serves_through_the_other(stack: Stack) -> None:
    mesh = stack.mesh
    async with second_manager(stack) as (_, other, serve):
        mesh.manager_url, first = other, mesh.manager_url
        step = await mesh.step("b", _ok)
        mesh.manager_url = first
        await mesh.pipeline("b", "b/m")

        async def serves() -> bool:
            async with (
                mesh.session.post(f"{serve}/b", json=[]) as one,
                mesh.session.post(mesh.serve_url("b"), json=[]) as two,
            ):
                return one.status == two.status == 200

        await until(serves, "both gateways reach it", 3)
        await step.vanish()

        async def gone() -> bool:
            ids = [await stack.named(names.INSTANCES_PATH, "id", url) for url in (first, other)]
            return ids == [["a-1"], ["a-1"]]

        await until(gone, "it has failed its checks", 5)


async def documented_token(consul: ConsulAgent, trusted: ssl.SSLContext) -> str:
    """A token with the policy that the documentation gives, as soon as `consul` makes one."""
    (rules,) = re.findall(r"```hcl\n(.*?)```", (CHECKOUT / "docs" / "consul.md").read_text(), re.DOTALL)
    bodies = {"policy": {"Name": "catenary", "Rules": rules}, "token": {"Policies": [{"Name": "catenary"}]}}
    said: dict[str, Any] = {}
    async with aiohttp.ClientSession(headers={"X-Consul-Token": consul.token}) as session, asyncio.timeout(20):
        for kind, body in bodies.items():
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.put(f"{consul.url}/v1/acl/{kind}", json=body, ssl=trusted) as answer:
                        if answer.status == 200:
                            said = await answer.json()
                            break
                await asyncio.sleep(0.05)
    return str(said["SecretID"])


async def test_over_tls_with_a_certificate_the_documented_policy_is_enough_and_the_token_stays_secret(
    tmp_path: Path,
) -> None:
    consul = ConsulAgent(tmp_path / "consul", acl=True, tls=True)
    settings = json.loads((consul.folder / "agent.json").read_text())
    (settings["tls"]["defaults"] if "tls" in settings else settings)["verify_incoming"] = True
    (consul.folder / "agent.json").write_text(json.dumps(settings))
    token = tmp_path / "token"
    token.touch()
    process = await asyncio.create_subprocess_exec(*consul.command(), stdout=asyncio.subprocess.DEVNULL)
    files = {f"CATENARY_CONSUL_{part.upper()}": str(consul.folder / f"{part}.pem") for part in ("ca", "cert", "key")}
    try:
        trusted = ssl.create_default_context(cafile=consul.folder / "ca.pem")
        trusted.load_cert_chain(consul.folder / "cert.pem", consul.folder / "key.pem")
        token.write_text(await documented_token(consul, trusted))
        async with Mesh(CATENARY_CONSUL=consul.url, CATENARY_CONSUL_TOKEN_FILE=str(token), **files, **FAST) as mesh:
            stack = Stack(consul, mesh)
            await until(stack.is_well, "it has read Consul")
            await mesh.step("serving-scikit", _ok)
            assert await stack.write("p") == 201

            async def registered() -> bool:
                return await stack.named(names.INSTANCES_PATH, "id") == ["serving-scikit-1"]

            await until(registered, "the instance is there", 5)
            for service in {names.MANAGER, names.GATEWAY, names.REPOSITORY, *names.TYPE_OF_SERVICE}:
                await mesh.register({"id": "one", "service": service, "address": "127.0.0.1:9"})
            assert (await stack.call("DELETE", names.INSTANCES_PATH + "/one"))[0] == 200
            good = token.read_text()
            other = tmp_path / "other"
            other.write_text("00000000-0000-0000-0000-000000000000")
            other.replace(token)
            assert await stack.write("q") == 503
            await until(stack.is_degraded, "the token is refused", 10)
            assert "Consul refuses the token" in (await stack.health())["store"]["errors"][0]
            # A token is renewed without a restart.
            other.write_text(good + "\n")
            other.replace(token)
            await until(stack.is_well, "the token is taken", 10)
            assert await registered()
            assert stack.logged(good) == 0
    finally:
        process.terminate()
        await process.wait()
