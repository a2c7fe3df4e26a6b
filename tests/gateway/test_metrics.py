"""What the gateway's Envoy and the steps' count, after requests whose ends are known."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from typing import Any, ClassVar

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from exported import of_envoy, values
from mesh import Mesh, Step, until
from prometheus_client.samples import Sample

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNT = itertools.count(1)
NEVER = 0.001
"""Requests a second: so slow that during a test a bucket gets nothing back."""
HELD_S = 0.3
HELD = asyncio.Event()


async def _step(request: web.Request) -> web.StreamResponse:
    """Does what the path says; else it answers with a row."""
    await request.read()
    word, _, argument = request.path.removeprefix("/").partition("-")
    if word == "status":
        return web.json_response({"error": "no"}, status=int(argument))
    if word == "close":
        assert request.transport
        request.transport.abort()
    if word == "garbage":
        assert request.transport
        request.transport.write(b"\0no HTTP at all\r\n\r\n")
        request.transport.close()
    if word == "hold":
        HELD.set()
        await asyncio.sleep(float(argument))
    if word == "break":
        answer = web.StreamResponse()
        await answer.prepare(request)
        await answer.write(b"[")
        assert request.transport
        request.transport.abort()
    return web.json_response([{"ok": True}])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh(body_bytes=1_000, access_log="json", CATENARY_CLIENT_TIMEOUT_S="1") as mesh:
        for service in ("first", "second"):
            await mesh.step(service, _step)
        yield mesh


async def ask(mesh: Mesh, pipeline: str, data: Any = b"[{}]", method: str = "POST", **headers: str) -> int:
    """The status; 0: the answer broke off."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    # The gateway closes what is idle for a second, perhaps as it is being used again.
    connector = aiohttp.TCPConnector(force_close=True)
    try:
        async with (
            aiohttp.ClientSession(connector=connector) as http,
            http.request(method, mesh.serve_url(pipeline) + "?q=1", data=data, headers=sent) as answer,
        ):
            await answer.read()
            return answer.status
    except aiohttp.ClientPayloadError:
        return 0


async def gateway(mesh: Mesh) -> list[Sample]:
    return await of_envoy(mesh.folder / "gateway-1.admin")


async def counted(mesh: Mesh, pipeline: str, requests: int) -> list[Sample]:
    """What the gateway says once it has counted so many of the pipeline's requests, and added up their durations."""
    found: list[Sample] = []

    async def are_counted() -> bool:
        found[:] = await gateway(mesh)
        totals = values(found, "catenary_gateway_requests_total", "code", pipeline=pipeline)
        durations = values(found, "catenary_gateway_request_duration_seconds_count", pipeline=pipeline)
        return sum(totals.values()) >= requests and sum(durations.values()) >= requests

    await until(are_counted, f"{requests} requests of {pipeline}")
    return found


def failures(found: list[Sample], pipeline: str) -> dict[tuple[str, ...], float]:
    name = "catenary_gateway_failures_total"
    return values(found, name, "kind", "step", "service", "model", pipeline=pipeline)


async def failed(mesh: Mesh, pipeline: str, requests: int = 1) -> list[Sample]:
    """What the gateway says once so many of the pipeline's requests have failed: it counts when it has answered."""
    found: list[Sample] = []

    async def are_counted() -> bool:
        found[:] = await gateway(mesh)
        return sum(failures(found, pipeline).values()) >= requests

    await until(are_counted, f"{requests} failures of {pipeline}")
    return found


async def test_requests_their_bytes_and_durations_are_counted_by_pipeline_and_step(mesh: Mesh) -> None:
    await mesh.pipeline("one", f"first/hold-{HELD_S}")
    await mesh.pipeline("two", "first/m1", "second/m2")
    assert [await ask(mesh, "one", b"[{}]" + b" " * 96) for _ in range(3)] == [200] * 3
    assert await asyncio.gather(*(ask(mesh, "two") for _ in range(20))) == [200] * 20
    found = await counted(mesh, "two", 20)
    for pipeline, requests, sent in (("one", 3, 100), ("two", 20, 4)):
        assert values(found, "catenary_gateway_requests_total", "code", pipeline=pipeline) == {("200",): requests}
        assert values(found, "catenary_gateway_request_bytes_total", pipeline=pipeline) == {(): requests * sent}
        answered = requests * len('[{"ok": true}]')
        assert values(found, "catenary_gateway_response_bytes_total", pipeline=pipeline) == {(): answered}
        assert failures(found, pipeline) == {}
        duration = "catenary_gateway_request_duration_seconds"
        assert values(found, f"{duration}_count", pipeline=pipeline) == {(): requests}
        buckets = values(found, f"{duration}_bucket", "le", pipeline=pipeline)
        assert len(buckets) == 17
        assert buckets["0.0005",] == 0
        assert buckets["+Inf",] == buckets["60",] == requests
    # Envoy tells a sum within a few percent.
    (total,) = values(found, "catenary_gateway_request_duration_seconds_sum", pipeline="one").values()
    assert 3 * HELD_S * 0.9 < total < 60
    assert values(found, "catenary_gateway_request_duration_seconds_bucket", pipeline="one", le="0.25") == {(): 0}

    steps: list[Sample] = []

    async def of_both_steps() -> bool:
        steps[:] = [s for step in ("first-1", "second-2") for s in await of_envoy(mesh.folder / f"{step}.admin")]
        return sum(values(steps, "catenary_step_duration_seconds_count", "pipeline", "step").values()) >= 43

    await until(of_both_steps, "the durations of 43 steps")
    by_step = values(steps, "catenary_step_requests_total", "pipeline", "step", "model", "code")
    assert by_step["one", "1", f"hold-{HELD_S}", "200"] == 3
    assert by_step["two", "1", "m1", "200"] == 20
    durations = values(steps, "catenary_step_duration_seconds_count", "pipeline", "step", "model")
    assert durations["two", "1", "m1"] == 20
    assert by_step["two", "2", "m2", "200"] == 20
    assert len(by_step) == 3


FAILING: list[tuple[tuple[str, ...], str, str]] = [
    (("first/m", "second/status-422"), "422", "rejected"),
    (("first/status-404", "second/m"), "404", "rejected"),
    (("first/m", "second/status-429"), "429", "overloaded"),
    (("first/status-500", "second/m"), "500", "failed"),
    (("first/m", "second/status-304"), "502", "failed"),
    (("first/garbage",), "502", "failed"),
    (("second/status-504",), "504", "timeout"),
    (("first/hold-9",), "504", "timeout"),
    (("first/m", "second/hold-9"), "504", "timeout"),
    (("first/close", "second/m"), "503", "unreachable"),
    (("first/m", "nobody/m"), "503", "unreachable"),
    (("second/m", "first/break"), "200", "unreachable"),
]


@pytest.mark.parametrize(("chain", "code", "kind"), FAILING, ids=lambda v: v if isinstance(v, str) else "+".join(v))
async def test_a_failure_is_counted_once_at_the_step_that_is_to_blame(
    mesh: Mesh, chain: tuple[str, ...], code: str, kind: str
) -> None:
    pipeline = f"failing-{next(COUNT)}"
    late = "hold" in "".join(chain)
    await mesh.pipeline(pipeline, *chain, timeout_s=1 if late else 30)
    assert await ask(mesh, pipeline) == (0 if code == "200" else int(code))
    found = await failed(mesh, pipeline)
    assert values(found, "catenary_gateway_requests_total", "code", pipeline=pipeline) == {(code,): 1}
    (bad,) = (entry for entry in chain if not entry.endswith("/m") or entry.startswith("nobody"))
    service, _, model = bad.partition("/")
    assert failures(found, pipeline) == {(kind, str(chain.index(bad) + 1), service, model): 1}


async def _slowly() -> AsyncIterator[bytes]:
    yield b"["
    await asyncio.sleep(3)
    yield b"]"


@pytest.mark.parametrize("chain", [("first/m",), ("first/m", "second/m")])
@pytest.mark.parametrize(
    ("status", "request_"),
    [(400, {"x_catenary_timeout_ms": "soon"}), (413, {"data": b" " * 2_000}), (408, {"data": _slowly})],
    ids=["400", "413", "408"],
)
async def test_what_is_wrong_with_a_request_is_the_clients_and_no_steps(
    mesh: Mesh, chain: tuple[str, ...], status: int, request_: dict[str, Any]
) -> None:
    await mesh.pipeline(pipeline := f"refusing-{next(COUNT)}", *chain)
    data = request_.get("data")
    assert await ask(mesh, pipeline, **request_ | ({"data": data()} if callable(data) else {})) == status
    found = await failed(mesh, pipeline)
    assert values(found, "catenary_gateway_requests_total", "code", pipeline=pipeline) == {(str(status),): 1}
    assert failures(found, pipeline) == {("client", "", "", ""): 1}


@pytest.mark.parametrize("limits", [{"requests_per_s": NEVER}, {"per_client": {"requests_per_s": NEVER}}])
async def test_what_a_limit_refuses_is_limited_and_nobody_names_its_step(mesh: Mesh, limits: dict[str, Any]) -> None:
    await mesh.pipeline(pipeline := f"limited-{next(COUNT)}", "first/m", limits=limits)
    statuses = [await ask(mesh, pipeline, x_catenary_step="7") for _ in range(3)]
    assert statuses == [200, 429, 429]
    found = await failed(mesh, pipeline, 2)
    assert failures(found, pipeline) == {("limited", "", "", ""): 2}


async def test_requests_beyond_those_that_may_be_under_way_are_limited(mesh: Mesh) -> None:
    await mesh.pipeline(pipeline := "crowded", "first/hold-2", limits={"concurrent_requests": 1})
    HELD.clear()
    first = asyncio.create_task(ask(mesh, pipeline))
    await HELD.wait()
    assert [await ask(mesh, pipeline) for _ in range(2)] == [429, 429]
    assert await first == 200
    assert failures(await failed(mesh, pipeline, 2), pipeline) == {("limited", "", "", ""): 2}


async def test_a_client_that_leaves_is_counted_as_gone_and_is_no_error_in_envoys_log(mesh: Mesh) -> None:
    await mesh.pipeline(pipeline := "left", "first/m", "second/hold-9")
    HELD.clear()
    asking = asyncio.create_task(ask(mesh, pipeline))
    await HELD.wait()
    asking.cancel()
    await failed(mesh, pipeline)
    await mesh.pipeline("stayed", "first/m")
    assert await ask(mesh, "stayed") == 200
    found = await counted(mesh, "stayed", 1)
    assert values(found, "catenary_gateway_requests_total", "code", pipeline=pipeline) == {("0",): 1}
    assert failures(found, pipeline) == {("client_gone", "", "", ""): 1}
    assert values(found, "catenary_gateway_request_duration_seconds_count", pipeline=pipeline) == {}
    assert mesh.gateway
    assert " error " not in mesh.gateway.log.read_text()


async def test_requests_to_no_pipeline_have_none_and_health_checks_are_not_counted(mesh: Mesh) -> None:
    before = await gateway(mesh)
    assert await ask(mesh, "none") == 404
    assert await ask(mesh, "none/at/all", method="GET") == 404
    await mesh.pipeline("posted", "first/m")
    assert await ask(mesh, "posted", method="GET") == 405
    for _ in range(5):
        await mesh.until_answers(mesh.gateway_url + names.HEALTH_PATH)
    after = await gateway(mesh)
    name = "catenary_gateway_requests_total"
    total = [sum(values(found, name, "code", pipeline="").values()) for found in (before, after)]
    assert total[1] - total[0] == 3
    refused = [failures(found, "").get(("client", "", "", ""), 0) for found in (before, after)]
    assert refused[1] - refused[0] == 3
    assert ("200",) not in values(after, name, "code", pipeline="")


async def test_tries_beyond_the_first_are_counted_by_service(mesh: Mesh) -> None:
    name = "catenary_gateway_retries_total"
    before = values(await gateway(mesh), name, "service").get(("first",), 0)
    await mesh.pipeline("tried", {"service": "first", "model": "status-503", "retries": 3}, "second/m")
    assert await ask(mesh, "tried") == 503
    found = await failed(mesh, "tried")
    assert values(found, name, "service")["first",] == before + 3
    assert failures(found, "tried") == {("failed", "1", "first", "status-503"): 1}


class _Narrow(Mesh):
    """Its Envoys count but a few things."""

    MANAGER: ClassVar = [
        "-c",
        "from manager import main; from manager.xds import metrics;"
        " metrics.MAX_COUNTERS = 100; metrics.MAX_HISTOGRAMS = 50; main.main()",
    ]


async def test_what_is_made_up_at_a_sidecar_grows_no_further_than_its_limit() -> None:
    async with _Narrow() as mesh:
        step: Step = await mesh.step("first", _step)
        url = f"http://{step.node.listen}"

        async def flood(begin: int) -> None:
            for i in range(begin, 5_000, 10):
                headers = {names.PIPELINE: f"made-up-{i}", names.STEP: "1"}
                async with mesh.session.get(f"{url}/m", headers=headers) as answer:
                    await answer.read()

        await asyncio.gather(*map(flood, range(10)))
        for headers in [{}, {names.PIPELINE: "no step"}, {names.PIPELINE: "p", names.STEP: "one"}]:
            await mesh.session.get(f"{url}/m", headers=headers)
        await mesh.session.get(f"{url}/not~a~model", headers={names.PIPELINE: "p", names.STEP: "1"})
        found: list[Sample] = []

        async def is_added_up() -> bool:
            found[:] = await of_envoy(mesh.folder / f"{step.node.id}.admin")
            return bool(values(found, "catenary_step_duration_seconds_count", "pipeline"))

        await until(is_added_up, "the durations")
        counters = values(found, "catenary_step_requests_total", "pipeline")
        assert 0 < len(counters) <= 100
        assert len(values(found, "catenary_step_duration_seconds_count", "pipeline")) <= 50
        assert {pipeline[:8] for (pipeline,) in counters} == {"made-up-"}
