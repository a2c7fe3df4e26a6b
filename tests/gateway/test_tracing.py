"""One trace for each request, as Zipkin has it: the gateway's span, its calls, and what they were in the sidecars."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from mesh import Mesh
from servers import ZipkinServer
from typer.testing import CliRunner

from catenary import names
from catenary.cli.app import app
from catenary.telemetry.context import sampled_parent

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"
SEEN: list[web.Request] = []


async def _step(request: web.Request) -> web.Response:
    SEEN.append(request)
    return web.Response(body=await request.read(), content_type="application/json")


async def _fail(_request: web.Request) -> web.Response:
    return web.json_response({"error": "no"}, status=422)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def zipkin(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ZipkinServer]:
    async with ZipkinServer(tmp_path_factory.mktemp("zipkin")) as server:
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(zipkin: ZipkinServer) -> AsyncIterator[Mesh]:
    async with Mesh(CATENARY_ZIPKIN=zipkin.url) as mesh:
        for service in ("serving-a", "serving-b"):
            await mesh.step(service, _step)
        await mesh.step("serving-bad", _fail)
        await mesh.pipeline("two", "serving-a/m1", "serving-b/m2")
        await mesh.pipeline("bad", "serving-a/m1", "serving-bad/m2")
        yield mesh


async def ask(mesh: Mesh, pipeline: str, status: int = 200, **headers: str) -> str:
    """Ask once; the trace's id as the client is told."""
    SEEN.clear()
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with mesh.session.post(mesh.serve_url(pipeline), json=[{"x": 1}], headers=sent) as answer:
        assert answer.status == status, await answer.text()
        return answer.headers[names.TRACE_ID]


def by_name(spans: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Spans by who reported them and what they are called."""
    found = {(span["localEndpoint"]["serviceName"], span["name"]): span for span in spans}
    assert len(found) == len(spans)
    return found


async def test_gateway_and_sidecars_are_one_trace_whose_spans_lie_in_each_other(
    mesh: Mesh, zipkin: ZipkinServer
) -> None:
    spans = by_name(await zipkin.trace(await ask(mesh, "two"), 5))
    root = spans.pop(("gateway", "two"))
    first, second = spans.pop(("gateway", "async serving-a egress")), spans.pop(("gateway", "serving-b"))
    steps = [(spans.pop(("serving-a", "/m1")), first), (spans.pop(("serving-b", "/m2")), second)]
    assert spans == {}
    assert "parentId" not in root
    assert (root["kind"], first["kind"], second["kind"]) == ("SERVER", "CLIENT", "CLIENT")
    assert {call["parentId"] for call in (first, second)} == {root["id"]}
    for step, call in steps:
        assert (step["parentId"], step["kind"]) == (call["id"], "SERVER")
        for inner, outer in ((step, call), (call, root)):
            assert outer["timestamp"] <= inner["timestamp"]
            assert inner["timestamp"] + inner["duration"] <= outer["timestamp"] + outer["duration"] + 1_000


async def test_every_step_is_told_of_the_trace_in_both_ways_and_not_as_the_client_is(mesh: Mesh) -> None:
    trace = await ask(mesh, "two", x_trace_id="made-up")
    assert len(SEEN) == 2
    for request in SEEN:
        assert request.headers["x-b3-traceid"] == trace
        assert request.headers["traceparent"].split("-")[1] == trace
        assert names.TRACE_ID not in request.headers


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{TRACE[::-1]}-{SPAN}-01"},
        {"b3": f"{TRACE}-{SPAN}-1"},
        {"x_b3_traceid": TRACE.replace("4", "5"), "x_b3_spanid": SPAN, "x_b3_sampled": "1"},
    ],
    ids=["w3c", "b3", "b3-multi"],
)
async def test_a_clients_trace_is_gone_on_with(mesh: Mesh, zipkin: ZipkinServer, headers: dict[str, str]) -> None:
    trace = await ask(mesh, "two", **headers)
    assert trace in "".join(headers.values())
    spans = by_name(await zipkin.trace(trace, 5))
    assert spans["gateway", "two"]["parentId"] == SPAN


@pytest.mark.parametrize(
    "headers",
    [
        {"traceparent": f"00-{'5' * 32}-{SPAN}-00"},
        {"b3": f"{'6' * 32}-{SPAN}-0"},
        {"x_b3_traceid": "7" * 32, "x_b3_spanid": SPAN, "x_b3_sampled": "0"},
        {"b3": "0"},
        {"x_b3_sampled": "0"},
    ],
    ids=str,
)
async def test_what_a_client_says_is_not_to_be_traced_is_not_and_has_an_id(
    mesh: Mesh, zipkin: ZipkinServer, headers: dict[str, str]
) -> None:
    silent = await ask(mesh, "two", **headers)
    assert SPAN not in "".join(headers.values()) or silent in "".join(headers.values())
    assert len(SEEN) == 2
    assert [sampled_parent(request.headers) for request in SEEN] == [None, None]
    await zipkin.trace(await ask(mesh, "two"), 5)  # What came later is there.
    async with mesh.session.get(f"{zipkin.url}/api/v2/trace/{silent}") as answer:
        assert answer.status == 404


async def test_a_step_that_fails_is_marked_in_its_trace(mesh: Mesh, zipkin: ZipkinServer) -> None:
    spans = by_name(await zipkin.trace(await ask(mesh, "bad", 422), 5))
    assert spans["serving-bad", "/m2"]["tags"]["http.status_code"] == "422"
    assert spans["gateway", "bad"]["tags"]["http.status_code"] == "422"


async def test_a_request_id_of_the_clients_own_making_stays_as_it_is(mesh: Mesh) -> None:
    for request_id in ("order-17", "7e6f7c1a-6b1c-4b55-9d0e-2a8f1f3c4d5e"):
        await ask(mesh, "two", x_request_id=request_id, b3=f"{TRACE}-{SPAN}-1")
        assert [request.headers["x-request-id"] for request in SEEN] == [request_id, request_id]


async def test_health_checks_and_wrong_names_are_no_traces(mesh: Mesh, zipkin: ZipkinServer) -> None:
    for url in (mesh.gateway_url + names.HEALTH_PATH, mesh.serve_url("nope")):
        async with mesh.session.get(url) as answer:
            await answer.read()
    await zipkin.trace(await ask(mesh, "two"), 5)
    async with mesh.session.get(f"{zipkin.url}/api/v2/spans", params={"serviceName": "gateway"}) as answer:
        assert set(await answer.json()) == {"two", "bad", "async serving-a egress", "serving-b", "serving-bad"}


async def test_the_manager_shows_what_zipkin_keeps(mesh: Mesh, zipkin: ZipkinServer) -> None:
    trace = await ask(mesh, "bad", 422)
    await zipkin.trace(trace, 5)
    shown = await asyncio.to_thread(CliRunner().invoke, app, ["trace", trace, "--manager", mesh.manager_url])
    assert shown.exit_code == 0, shown.stderr
    assert shown.stdout.count(" ms ") >= 2 * 5
    assert "! serving-bad /m2: 422" in shown.stdout


async def test_while_zipkin_stands_still_or_is_gone_requests_are_served(mesh: Mesh, zipkin: ZipkinServer) -> None:
    zipkin.freeze()
    await asyncio.gather(*[ask(mesh, "two") for _ in range(100)])
    zipkin.thaw()
    await zipkin.kill()
    await asyncio.gather(*[ask(mesh, "two") for _ in range(100)])
    async with mesh.session.get(f"{mesh.manager_url}{names.ZIPKIN_PATH}/services") as answer:
        assert (answer.status, answer.content_type) == (503, names.PROBLEM_TYPE)
        assert zipkin.url in (await answer.json(content_type=None))["error"]
    await zipkin.start()
    await zipkin.trace(await ask(mesh, "two"), 5)
