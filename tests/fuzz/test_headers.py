"""What a client says in the names of Envoys, of the gateway and of its filter reaches no step and changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from mesh import Mesh

from catenary import names
from manager.xds.listeners import ANSWERED

pytestmark = pytest.mark.asyncio(loop_scope="module")

FORGED = "forged"
OURS = [ANSWERED, names.BEGINS_LIKE, names.LOCAL_REPLY, names.TRACE_ID]
ENVOYS = [
    *("upstream-rq-timeout-ms", "upstream-rq-per-try-timeout-ms", "max-retries", "retry-on", "retry-grpc-on"),
    *("retriable-status-codes", "retriable-header-names", "hedge-on-per-try-timeout", "upstream-alt-stat-name"),
    *(
        "expected-rq-timeout-ms",
        "upstream-rq-timeout-alt-response",
        "upstream-stream-duration-ms",
        "decorator-operation",
    ),
    *("force-trace", "internal", "external-address", "original-path", "original-host", "original-dst-host", "ip-tags"),
    *(
        "downstream-service-cluster",
        "downstream-service-node",
        "attempt-count",
        "is-timeout-retry",
        "upstream-stream-duration-ms",
    ),
    *("upstream-service-time", "upstream-canary", "overloaded", "ratelimited", "degraded", "local-overloaded"),
]
ALL = [*OURS, *(f"x-envoy-{name}" for name in ENVOYS)]
CALLS: list[str] = []


async def _headers(request: web.Request) -> web.Response:
    """A step that adds to its rows what it was sent; its model `fails` fails in a way that nobody retries unasked."""
    CALLS.append(request.path)
    if request.path == "/fails":
        return web.Response(status=500)
    return web.json_response([*await request.json(), {name.lower(): value for name, value in request.headers.items()}])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh() as mesh:
        await mesh.step("echo", _headers)
        await mesh.pipeline("two", "echo/first", "echo/last")
        await mesh.pipeline("fails", {"service": "echo", "model": "fails", "retries": 2})
        yield mesh


@pytest.mark.parametrize("spell", [str.lower, str.upper, str.title])
async def test_no_step_sees_what_a_client_forged(mesh: Mesh, spell) -> None:
    headers = {spell(name): FORGED for name in ALL}
    async with mesh.session.post(mesh.serve_url("two"), json=[], headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        first, last = await answer.json()
        given = dict(answer.headers)
    for seen in (first, last, given):
        assert {name: value for name, value in seen.items() if FORGED in value} == {}


async def test_no_client_orders_retries_or_time(mesh: Mesh) -> None:
    asked = {"retry-on": "5xx", "max-retries": "9", "retriable-status-codes": "500", "upstream-rq-timeout-ms": "1"}
    CALLS.clear()
    headers = {f"x-envoy-{name}": value for name, value in asked.items()}
    async with mesh.session.post(mesh.serve_url("fails"), json=[], headers=headers) as answer:
        assert (answer.status, (await answer.json(content_type=None))["upstream_status"]) == (500, 500)
    assert CALLS == ["/fails"]


async def test_no_client_passes_for_the_edge(mesh: Mesh) -> None:
    """Neither to the gateway's app nor to the edge's own answers."""
    headers = dict.fromkeys(OURS, "two")
    async with mesh.session.get(f"{mesh.gateway_url}/nothing", headers=headers) as answer:
        assert answer.status == 404
    async with mesh.session.post(mesh.serve_url("none"), headers=headers) as answer:
        assert answer.status == 404
    async with mesh.session.get(mesh.serve_url("none"), headers={names.BEGINS_LIKE: "none"}) as answer:
        assert answer.status == 404
    async with mesh.session.get(mesh.serve_url("two"), headers=headers) as answer:
        assert answer.status == 405
    for url in (f"{mesh.gateway_url}/nothing", mesh.serve_url("two")):
        async with mesh.session.post(url, headers=headers | {"x": "y" * 70_000}) as answer:
            assert (answer.status, answer.content_type) == (431, names.PROBLEM_TYPE)


async def test_a_client_that_names_a_connection_header_takes_no_header_of_ours_away(mesh: Mesh) -> None:
    headers = {"connection": f"close, {names.TIMEOUT_MS}, {names.REQUEST_ID}"}
    async with mesh.session.post(mesh.serve_url("two"), json=[], headers=headers) as answer:
        first, last = await answer.json()
        assert answer.headers[names.REQUEST_ID] == first[names.REQUEST_ID] == last[names.REQUEST_ID]
        assert 0 < int(last[names.TIMEOUT_MS]) <= int(first[names.TIMEOUT_MS])
