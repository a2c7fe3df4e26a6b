"""The chain where things are large or many: bodies, steps, services, instances."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import re
import sys
from collections.abc import AsyncIterator

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from mesh import Mesh, until

from catenary import names
from catenary.address import TcpAddress, free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

LARGE = names.DEFAULT_BODY_BYTES
many_addresses = pytest.mark.skipif(sys.platform != "linux", reason="the loopback has one address")
INSTANCES = 20
SERVICES = 200
LONGEST = 64
"""Steps of a chain, at most."""


async def _add(request: web.Request) -> web.Response:
    return web.json_response([row + 1 for row in await request.json()])


async def _echo(request: web.Request) -> web.StreamResponse:
    """Sends back what comes, as it comes, and keeps none of it."""
    response = web.StreamResponse(headers={"content-type": "application/octet-stream"})
    response.content_length = request.content_length
    await response.prepare(request)
    async for chunk in request.content.iter_any():
        await response.write(chunk)
    return response


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh(lease_s=60) as mesh:
        await mesh.step("add", _add)
        await mesh.step("echo", _echo)
        yield mesh


@pytest.mark.parametrize("steps", [1, 2, 8, 32])
async def test_a_chain_may_be_long(mesh: Mesh, steps: int) -> None:
    await mesh.pipeline("long", *["add/m"] * steps)
    async with mesh.session.post(mesh.serve_url("long"), json=[0, 10]) as answer:
        assert await answer.json() == [steps, 10 + steps]
        assert answer.headers["server-timing"].count("m;dur=") == steps


@pytest.mark.parametrize("steps", [1, 2])
async def test_four_of_the_largest_bodies_pass_at_once(mesh: Mesh, steps: int) -> None:
    await mesh.pipeline("large", *["echo/m"] * steps)
    body = bytes(range(256)) * (LARGE // 256)
    digest = hashlib.sha256(body).digest()

    async def post() -> bytes:
        async with mesh.session.post(mesh.serve_url("large"), data=io.BytesIO(body)) as answer:
            assert answer.status == 200, await answer.text()
            found = hashlib.sha256()
            async for chunk in answer.content.iter_any():
                found.update(chunk)
            return found.digest()

    async with asyncio.timeout(120):
        assert await asyncio.gather(*(post() for _ in range(4))) == [digest] * 4


@many_addresses
async def test_requests_go_evenly_to_many_instances(mesh: Mesh) -> None:
    """The instances are one Envoy, at as many addresses of the loopback."""
    port = await _everywhere(mesh)
    for number in range(INSTANCES):
        await mesh.register({"id": f"many-{number}", "service": "many", "address": f"127.0.1.{number + 1}:{port}"})
    await mesh.pipeline("many", {"service": "many", "model": "m", "retries": 0})
    await until(lambda: _is_balanced(mesh, 0), "the gateway knows all instances")
    requests = 10 * INSTANCES
    for _ in range(requests):
        async with mesh.session.post(mesh.serve_url("many"), json=[1]) as answer:
            assert answer.status == 200
    counts = await _requests_by_host(mesh, "many")
    assert sum(counts.values()) == requests
    # Each worker of the gateway's Envoy goes round by itself.
    assert min(counts.values()) >= 5


@many_addresses
async def test_each_of_many_services_is_served_and_the_last_as_soon_as_it_is_there(mesh: Mesh) -> None:
    port = await _everywhere(mesh)
    for number in range(SERVICES):
        service = f"service-{number}"
        await mesh.register({"id": service, "service": service, "address": f"127.0.2.{number + 1}:{port}"})
    last = f"service-{SERVICES - 1}"
    assert (await mesh.pipeline("last", f"{last}/m"))["state"] == "ready"
    async with mesh.session.post(mesh.serve_url("last"), json=[1]) as answer:
        assert await answer.json() == [2]
    for first in range(0, SERVICES, LONGEST):
        some = range(first, min(first + LONGEST, SERVICES))
        await mesh.pipeline("some", *[f"service-{number}/m" for number in some])
        async with mesh.session.post(mesh.serve_url("some"), json=[0]) as answer:
            assert await answer.json() == [len(some)]
            called = set(re.findall(r'desc="(.*?)"', answer.headers[names.SERVER_TIMING]))
        assert called == {f"service-{number}" for number in some}


async def _everywhere(mesh: Mesh) -> int:
    """A port at which an instance that adds answers on every address of the loopback."""
    step = await mesh.step("anywhere", _add, listen=TcpAddress("0.0.0.0", free_port()))
    return step.node.listen.port


async def _is_balanced(mesh: Mesh, at_least: int) -> bool:
    counts = await _requests_by_host(mesh, "many")
    return len(counts) == INSTANCES and min(counts.values()) >= at_least


async def _requests_by_host(mesh: Mesh, service: str) -> dict[str, int]:
    """How many requests the gateway's Envoy has sent to each instance of `service`."""
    connector = aiohttp.UnixConnector(str(mesh.folder / "gateway-1.admin"))
    async with (
        aiohttp.ClientSession(connector=connector) as session,
        session.get("http://envoy/clusters?format=json") as answer,
    ):
        clusters = json.loads(await answer.text())["cluster_statuses"]
    (found,) = [cluster for cluster in clusters if cluster["name"] == service]
    return {
        host["address"]["socket_address"]["address"]: next(
            int(stat.get("value", 0)) for stat in host["stats"] if stat["name"] == "rq_total"
        )
        for host in found.get("host_statuses", ())
    }
