"""The chain in a real Envoy: order, what every step gets, and what the client gets back."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from aiohttp import web
from mesh import Mesh

from catenary import names
from manager.xds.listeners import ANSWERED

pytestmark = pytest.mark.asyncio(loop_scope="module")

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
SPAN = "00f067aa0ba902b7"


async def _append(request: web.Request) -> web.Response:
    """A step that adds its path, and the headers that it got, to each row."""
    headers = {k.lower(): v for k, v in request.headers.items()}
    rows = [
        {**row, "steps": [*row.get("steps", []), request.path], "headers": [*row.get("headers", []), headers]}
        for row in await request.json()
    ]
    return web.json_response(rows)


async def _pass(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), content_type="application/json")


async def _stream(request: web.Request) -> web.StreamResponse:
    """Sends an event and, when the client has read it, another."""
    response = web.StreamResponse(headers={"content-type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"data: 1\n\n")
    await asyncio.wait_for(GO_ON.wait(), 10)
    await response.write(b"data: 2\n\n")
    return response


async def _deaf(request: web.Request) -> web.Response:
    """Takes a request, and reads its body when it may."""
    DEAF.release()
    await asyncio.wait_for(GO_ON.wait(), 30)
    return web.Response(body=str(len(await request.read())))


async def _deaf_or_pass(request: web.Request) -> web.Response:
    return await (_deaf if request.path == "/deaf" else _pass)(request)


GO_ON = asyncio.Event()
DEAF = asyncio.Semaphore(0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh() as mesh:
        await mesh.step("serving-a", _append)
        await mesh.step("serving-b", _append)
        await mesh.step("pass", _deaf_or_pass)
        await mesh.step("stream", _stream)
        await mesh.pipeline("one", "serving-a/m1")
        await mesh.pipeline("two", "serving-a/m1", "serving-b/m2")
        await mesh.pipeline("five", *[f"serving-{'ab'[i % 2]}/m{i}" for i in range(5)])
        await mesh.pipeline("big", "pass/m1", "pass/m2")
        await mesh.pipeline("big-one", "pass/m1")
        await mesh.pipeline("deaf", "pass/deaf")
        await mesh.pipeline("sse", "pass/m1", "stream/m2")
        await mesh.pipeline("sse-one", "stream/m2")
        yield mesh


@pytest.mark.parametrize(
    ("pipeline", "steps"), [("one", ["/m1"]), ("two", ["/m1", "/m2"]), ("five", [f"/m{i}" for i in range(5)])]
)
async def test_the_steps_run_in_their_order(mesh: Mesh, pipeline: str, steps: list[str]) -> None:
    async with mesh.session.post(mesh.serve_url(pipeline), json=[{"x": 1}]) as answer:
        (row,) = await answer.json()
    assert answer.status == 200
    assert row["x"] == 1
    assert row["steps"] == steps


@pytest.mark.parametrize("pipeline", ["one", "two", "five"])
async def test_every_step_gets_the_clients_headers(mesh: Mesh, pipeline: str) -> None:
    sent = {"authorization": "Bearer t", "x-tenant": "blue", "x-request-id": "my-id", "x-b3-sampled": "1"}
    async with mesh.session.post(mesh.serve_url(pipeline), json=[{}], headers=sent) as answer:
        (row,) = await answer.json()
    assert answer.headers[names.REQUEST_ID] == "my-id"
    for headers in row["headers"]:
        assert {k: headers[k] for k in sent} == sent
        assert 0 < int(headers[names.TIMEOUT_MS]) <= 60_000
        assert headers["content-type"].startswith("application/json")


@pytest.mark.parametrize(("pipeline", "steps"), [("one", 1), ("two", 2), ("five", 5)])
async def test_every_step_is_told_of_which_chain_it_is(mesh: Mesh, pipeline: str, steps: int) -> None:
    sent = {names.PIPELINE: "another", names.STEP: "9"}
    async with mesh.session.post(mesh.serve_url(pipeline), json=[{}], headers=sent) as answer:
        [row] = await answer.json()
    told = [(headers[names.PIPELINE], headers[names.STEP]) for headers in row["headers"]]
    assert told == [(pipeline, str(position)) for position in range(1, steps + 1)]


@pytest.mark.parametrize(
    "sent",
    [
        {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "a=b"},
        {"b3": f"{TRACE}-{SPAN}-1"},
        {"x-b3-traceid": TRACE, "x-b3-spanid": SPAN, "x-b3-flags": "1"},
    ],
    ids=["w3c", "b3-single", "b3-multi"],
)
async def test_the_trace_that_comes_in_goes_to_every_step_and_back(mesh: Mesh, sent: dict[str, str]) -> None:
    async with mesh.session.post(mesh.serve_url("two"), json=[{}], headers=sent) as answer:
        (row,) = await answer.json()
    assert answer.headers[names.TRACE_ID] == TRACE
    for headers in row["headers"]:
        assert {k: v for k, v in headers.items() if "trace" in k or "b3" in k} == sent


async def test_without_a_trace_the_edge_makes_one(mesh: Mesh) -> None:
    async def one() -> str:
        async with mesh.session.post(mesh.serve_url("two"), json=[{}]) as answer:
            (row,) = await answer.json()
        trace: str = answer.headers[names.TRACE_ID]
        assert re.fullmatch("[0-9a-f]{32}", trace)
        for headers in row["headers"]:
            assert re.fullmatch(f"00-{trace}-[0-9a-f]{{16}}-00", headers["traceparent"])
        return trace

    traces = await asyncio.gather(*(one() for _ in range(200)))
    assert len(set(traces)) == 200


async def test_the_answer_tells_the_time_of_each_step(mesh: Mesh) -> None:
    async with mesh.session.post(mesh.serve_url("two"), json=[{}]) as answer:
        figures = re.findall(r'([\w.-]+);dur=([\d.]+)(?:;desc="([^"]*)")?', answer.headers[names.SERVER_TIMING])
    assert [(name, service) for name, _, service in figures] == [
        ("m1", "serving-a"),
        ("m2", "serving-b"),
        ("total", ""),
    ]
    first, second, total = (float(ms) for _, ms, _ in figures)
    assert first > 0
    assert second > 0
    assert total >= first + second - 0.01


async def test_what_only_envoys_may_say_is_taken_from_a_client(mesh: Mesh) -> None:
    sent = {"x-envoy-max-retries": "9", names.LOCAL_REPLY: "x", names.BEGINS_LIKE: "x", ANSWERED: "x"}
    async with mesh.session.post(mesh.serve_url("two"), json=[{}], headers=sent) as answer:
        (row,) = await answer.json()
    for headers in row["headers"]:
        assert not headers.keys() & sent.keys()


@pytest.mark.parametrize("pipeline", ["big-one", "big"])
async def test_a_large_body_passes_whole(mesh: Mesh, pipeline: str) -> None:
    body = bytes(range(256)) * (40 * 1024 * 4)
    async with mesh.session.post(mesh.serve_url(pipeline), data=io.BytesIO(body)) as answer:
        assert answer.status == 200, await answer.text()
        assert await answer.read() == body


async def test_a_model_that_does_not_read_holds_up_no_other_of_its_instance(mesh: Mesh) -> None:
    size = 3_000_000  # More than gateway, sidecar and step hold.

    async def upload() -> bytes:
        async with mesh.session.post(mesh.serve_url("deaf"), data=io.BytesIO(b" " * size)) as answer:
            return await answer.read()

    GO_ON.clear()
    uploads = [asyncio.create_task(upload()) for _ in range(40)]
    for _ in uploads:
        await asyncio.wait_for(DEAF.acquire(), 10)
    async with asyncio.timeout(10):
        for _ in range(20):
            async with mesh.session.post(mesh.serve_url("big"), json=[{}]) as answer:
                assert await answer.json() == [{}]
    GO_ON.set()
    assert await asyncio.gather(*uploads) == [str(size).encode()] * 40


@pytest.mark.parametrize("pipeline", ["sse-one", "sse"])
async def test_the_last_step_streams_chunk_by_chunk(mesh: Mesh, pipeline: str) -> None:
    GO_ON.clear()
    async with mesh.session.post(mesh.serve_url(pipeline), json=[], headers={"accept": "text/event-stream"}) as answer:
        assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
        GO_ON.set()  # the second event is only sent after the first has been read here
        assert await answer.content.readuntil(b"\n\n") == b"data: 2\n\n"


async def test_a_stream_may_outlast_the_deadline_once_it_has_begun(mesh: Mesh) -> None:
    GO_ON.clear()
    headers = {"accept": "text/event-stream", names.TIMEOUT_MS: "300"}
    async with mesh.session.post(mesh.serve_url("sse"), json=[], headers=headers) as answer:
        await answer.content.readuntil(b"\n\n")
        await asyncio.sleep(0.6)  # longer than the deadline
        GO_ON.set()
        assert await answer.content.readuntil(b"\n\n") == b"data: 2\n\n"


@pytest.mark.parametrize("trace", ["abc", "0" * 32, "f" * 5_000, "x" * 32])
async def test_what_is_no_trace_id_is_none(mesh: Mesh, trace: str) -> None:
    sent = {"x-b3-traceid": trace, "traceparent": f"00-{trace}-{SPAN}-01"}
    async with mesh.session.post(mesh.serve_url("two"), json=[{}], headers=sent) as answer:
        assert re.fullmatch("[0-9a-f]{32}", answer.headers[names.TRACE_ID])
        assert answer.headers[names.TRACE_ID] != trace


async def test_under_load_each_client_gets_its_own_answer(mesh: Mesh) -> None:
    async def client(number: int) -> None:
        for i in range(25):
            async with mesh.session.post(mesh.serve_url("five"), json=[{"id": f"{number}-{i}"}]) as answer:
                (row,) = await answer.json()
            assert row["id"] == f"{number}-{i}"
            assert len(row["steps"]) == 5

    await asyncio.gather(*(client(number) for number in range(16)))


async def test_a_query_does_no_harm(mesh: Mesh) -> None:
    async with mesh.session.post(mesh.serve_url("two") + "?debug=1", json=[{}]) as answer:
        assert answer.status == 200
