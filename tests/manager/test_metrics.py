"""What the manager shows of itself after known changes; and that clients of the mesh do not see such pages."""

from __future__ import annotations

import signal
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import aiohttp
import grpc
import pytest
import pytest_asyncio
from aiohttp import web
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from figures import Figures
from google.protobuf.json_format import ParseDict
from mesh import Mesh, until

from catenary import names
from catenary.address import TcpAddress, UnixAddress, free_port
from catenary.http import listening
from catenary.node import Node
from manager.snapshot import CLUSTERS
from repository.api import application
from repository.index import Index

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh() as mesh:
        yield mesh


async def figures(mesh: Mesh) -> Figures:
    return await Figures.scraped(mesh.session, mesh.manager_url)


async def until_shown(mesh: Mesh, shown: Callable[[Figures], bool], what: str) -> Figures:
    """The first page on which `shown` is true."""
    page = await figures(mesh)

    async def reached() -> bool:
        nonlocal page
        page = await figures(mesh)
        return shown(page)

    await until(reached, what)
    return page


def states(page: Figures) -> dict[str, float]:
    found = page.of("catenary_manager_pipelines", "state")
    return {state: number for (state,), number in found.items() if number}


async def listed(mesh: Mesh) -> dict[str, int]:
    """The same as the API has it."""
    async with mesh.session.get(mesh.manager_url + names.PIPELINES_PATH) as answer:
        return dict(Counter(pipeline["state"] for pipeline in await answer.json()))


async def _ok(request: web.Request) -> web.Response:
    return web.json_response([])


async def test_pipelines_instances_envoys_and_writes_are_as_the_api_says(mesh: Mesh) -> None:
    async with aiohttp.ClientSession() as session:
        page = await Figures.scraped(session, mesh.manager_url)
    assert states(page) == {}
    assert page("catenary_manager_pipelines", state="ready") == 0
    assert page.of("catenary_manager_envoys", "role") == {("gateway",): 1, ("sidecar",): 0}
    assert page("catenary_manager_store_available") == 1
    assert page.of("catenary_manager_writes_total", "outcome") == {("in_force",): 0, ("pending",): 0, ("refused",): 0}
    assert page("catenary_build_info", process="manager") == 1

    model = {"name": "m", "version": "1", "state": "ready"}
    await mesh.step("a", _ok, models=[model, {"name": "sick", "version": "1", "state": "broken"}])
    await mesh.step("b", _ok)
    for name, chain in {
        "good": ["a/m", "b/any"],
        "lacks-a-model": ["b/any", "a/sick"],
        "lacks-a-service": ["a/m", "nobody/m"],
    }.items():
        await mesh.pipeline(name, *chain)
    page = await until_shown(mesh, lambda page: "pending" not in states(page), "all is in force")
    assert states(page) == await listed(mesh) == {"ready": 1, "waiting": 2}
    assert page.of("catenary_manager_instances", "service", "health") == {
        ("a", "up"): 1,
        ("a", "down"): 0,
        ("b", "up"): 1,
        ("b", "down"): 0,
    }
    assert page.of("catenary_manager_envoys", "role") == {("gateway",): 1, ("sidecar",): 2}
    writes = page.of("catenary_manager_writes_total", "outcome")
    assert writes["in_force",] + writes["pending",] == 3
    assert page("catenary_manager_change_duration_seconds_count") >= 3
    pushes = page.of("catenary_manager_xds_pushes_total", "type")
    assert all(pushes[kind,] > 0 for kind in ("Cluster", "ClusterLoadAssignment", "Listener", "RouteConfiguration"))
    assert page("catenary_http_requests_total", method="POST", route=names.PIPELINES_PATH, code="201") == 3


async def test_a_write_that_is_refused_counts_as_that(mesh: Mesh) -> None:
    before = (await figures(mesh))("catenary_manager_writes_total", outcome="refused") or 0
    url = f"{mesh.manager_url}{names.PIPELINES_PATH}/good"
    async with mesh.session.put(url, json={"chain": ["a/m"]}, headers={"if-match": '"999999"'}) as answer:
        assert answer.status == 412
    async with mesh.session.delete(f"{mesh.manager_url}{names.PIPELINES_PATH}/no-such") as answer:
        assert answer.status == 404
    page = await figures(mesh)
    assert page("catenary_manager_writes_total", outcome="refused") == before + 2
    route = names.PIPELINES_PATH + "/{name}"
    assert page("catenary_http_requests_total", method="PUT", route=route, code="412") == 1
    assert page("catenary_http_request_duration_seconds_count", method="PUT", route=route) == 1


async def test_what_a_gateway_has_not_taken_in_is_pending(mesh: Mesh) -> None:
    page = await figures(mesh)
    before, count = (
        page("catenary_manager_writes_total", outcome="pending"),
        "catenary_manager_change_duration_seconds_count",
    )
    assert mesh.gateway
    mesh.gateway.child.send_signal(signal.SIGSTOP)
    try:
        assert (await mesh.pipeline("late", "b/any"))["state"] == "pending"
        late = await figures(mesh)
        assert states(late)["pending"] == 1
        assert late("catenary_manager_writes_total", outcome="pending") == before + 1
        assert late(count) == page(count)
    finally:
        mesh.gateway.child.send_signal(signal.SIGCONT)
    page = await until_shown(mesh, lambda page: "pending" not in states(page), "the gateway has taken it in")
    assert page(count) > late(count)
    assert states(page) == await listed(mesh)


async def test_a_refusal_of_configuration_is_counted_and_outlives_the_envoy(mesh: Mesh) -> None:
    node = Node("odd-1", "odd", "sidecar", TcpAddress("127.0.0.1", free_port()), UnixAddress("/tmp/odd"), 1)
    request = discovery_pb2.DiscoveryRequest(type_url=CLUSTERS)
    request.node.id, request.node.cluster = node.id, node.service
    ParseDict(node.metadata(), request.node.metadata)
    async with grpc.aio.insecure_channel(f"unix:{mesh.folder / 'xds.sock'}") as channel:
        stream = ads_pb2_grpc.AggregatedDiscoveryServiceStub(channel).StreamAggregatedResources()
        await stream.write(request)
        sent = await stream.read()
        refusal = discovery_pb2.DiscoveryRequest(type_url=CLUSTERS, response_nonce=sent.nonce)
        refusal.error_detail.message = "not this"
        await stream.write(refusal)

        def refused(page: Figures) -> bool:
            return page("catenary_manager_xds_refusals_total", type="Cluster") == 1

        await until_shown(mesh, refused, "the refusal")
        await stream.done_writing()
    page = await until_shown(mesh, lambda page: page("catenary_manager_envoys", role="sidecar") == 2, "it has left")
    assert page("catenary_manager_xds_refusals_total", type="Cluster") == 1
    assert page("catenary_manager_xds_refusals_total", type="Listener") == 0


async def test_a_store_that_cannot_be_written_is_not_available(mesh: Mesh) -> None:
    other = sqlite3.connect(mesh.folder / "state" / "manager.db", isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        page = await until_shown(mesh, lambda page: page("catenary_manager_store_available") == 0, "the store is away")
        assert states(page)
    finally:
        other.execute("ROLLBACK")
        other.close()
    await until_shown(mesh, lambda page: page("catenary_manager_store_available") == 1, "the store is well")


@pytest.mark.parametrize("path", ["/metrics", "/metrics?a=b", "/%6detrics", "/./metrics"])
async def test_clients_of_the_gateway_do_not_see_the_figures_of_its_app(mesh: Mesh, path: str) -> None:
    async with mesh.session.get(aiohttp.client.URL(mesh.gateway_url + path, encoded=True)) as answer:
        assert (answer.status, answer.headers["content-type"]) == (404, names.PROBLEM_TYPE)
    app = aiohttp.UnixConnector(str(mesh.folder / "gateway.sock"))
    async with aiohttp.ClientSession(connector=app) as session:
        page = await Figures.scraped(session, "http://gateway")
    assert page("catenary_build_info", process="gateway") == 1


@pytest.mark.parametrize("path", ["/metrics", "/%6detrics"])
async def test_a_sidecars_front_does_not_show_the_figures_of_its_app(mesh: Mesh, path: str, tmp_path: Path) -> None:
    step = await mesh.step("c", None)
    assert isinstance(step.node.app, UnixAddress)
    async with listening(application(Index(), tmp_path), step.node.app):
        front = f"http://{step.node.listen}"
        async with mesh.session.get(aiohttp.client.URL(front + path, encoded=True)) as answer:
            assert answer.status == 404
        async with mesh.session.get(front + names.HEALTH_PATH) as answer:
            assert answer.status == 200
        async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(step.node.app.path)) as session:
            page = await Figures.scraped(session, "http://app")
    assert page("catenary_build_info", process="repository") == 1
