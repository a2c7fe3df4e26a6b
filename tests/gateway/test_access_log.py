"""A line of the gateway's for each request: what it says of success, failure, streams and clients that leave."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from mesh import Mesh, until
from wire import exchange

from catenary import names
from catenary.address import free_port, parse_address

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNT = itertools.count()
NEVER = 0.001
"""Requests a second: so slow that during a test a bucket gets nothing back."""
GO_ON = asyncio.Event()
CALLED = asyncio.Event()


async def _step(request: web.Request) -> web.StreamResponse:
    """Does what the path says; else it answers with a row."""
    await request.read()
    CALLED.set()
    word, _, argument = request.path.removeprefix("/").partition("-")
    if word == "status":
        return web.json_response(
            {"error": 'row 3\n lacks "Ort" \u0085 \u2028\u007f in M\u00fcnchen'}, status=int(argument)
        )
    if word == "health":
        return web.Response(status=500)
    if word == "close":
        assert request.transport
        request.transport.abort()
    if word == "hold":
        await GO_ON.wait()
    if word == "stream":
        answer = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await answer.prepare(request)
        await answer.write(b"data: 1\n\n")
        await GO_ON.wait()
        await answer.write(b"data: 2\n\n")
        return answer
    return web.json_response([{"ok": True}])


async def _with_steps(mesh: Mesh) -> Mesh:
    for service in ("first", "second"):
        await mesh.step(service, _step)
    await mesh.pipeline("two", "first/m1", "second/m2")
    for name in ("status-422", "status-500", "close", "hold", "stream"):
        await mesh.pipeline(name, "first/m1", {"service": "second", "model": name, "retries": 0})
    await mesh.pipeline("fails-first", "first/status-422", "second/m2")
    return mesh


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    """Its lines are JSON."""
    async with Mesh(access_log="json") as mesh:
        yield await _with_steps(mesh)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def text_mesh() -> AsyncIterator[Mesh]:
    """Its lines are text, and only failures have one; it traces, if to no avail."""
    percent, zipkin = "0", f"http://127.0.0.1:{free_port()}"
    async with Mesh(access_log="text", CATENARY_ACCESS_LOG_PERCENT=percent, CATENARY_ZIPKIN=zipkin) as mesh:
        yield await _with_steps(mesh)


@pytest.fixture(autouse=True)
def _fresh() -> None:
    CALLED.clear()
    GO_ON.clear()


async def ask(mesh: Mesh, path: str, method: str = "POST", **headers: str) -> Any:
    """The answer, which has been read."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with mesh.session.request(method, mesh.gateway_url + path, json=[{}], headers=sent) as answer:
        await answer.read()
        return answer


def lines(mesh: Mesh) -> list[str]:
    """All that the gateway's Envoy has logged."""
    assert mesh.gateway
    return mesh.gateway.log.read_text().split("\n")[:-1]


async def line(mesh: Mesh, matching: str | Callable[[str], object]) -> str:
    """The one line that matches, or has the text, once it is written."""
    found: list[str] = []
    matches = (lambda text: matching in text) if isinstance(matching, str) else matching

    async def is_written() -> bool:
        found[:] = [text for text in lines(mesh) if matches(text)]
        return bool(found)

    await until(is_written, f"a line of {matching}")
    (only,) = found
    return only


async def logged(mesh: Mesh, answer: Any) -> dict[str, Any]:
    """What the line for the request with this answer says."""
    document: dict[str, Any] = json.loads(await line(mesh, answer.headers[names.REQUEST_ID]))
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", document.pop("time"))
    same = {"level": "info", "process": "gateway/envoy", "logger": "access", "client": "127.0.0.1"}
    assert {name: document.pop(name) for name in same} == same
    assert document.pop("request_id") == answer.headers[names.REQUEST_ID]
    assert document["status"] == answer.status
    assert document.pop("duration_ms") >= 0
    return document


async def test_a_request_that_is_served(mesh: Mesh) -> None:
    async with mesh.session.post(mesh.serve_url("two") + "?key=secret", json=[{}]) as answer:
        body = await answer.read()
    assert await logged(mesh, answer) == {
        "method": "POST",
        "path": "/api/v1/serve/two",
        "pipeline": "two",
        "status": 200,
        "request_bytes": len("[{}]"),
        "response_bytes": len(body),
        "flags": "-",
        "details": "via_upstream",
        "timing": answer.headers[names.SERVER_TIMING],
        "trace_id": answer.headers[names.TRACE_ID],
    }


@pytest.mark.parametrize(
    ("pipeline", "position", "service"), [("fails-first", 1, "first"), ("status-422", 2, "second")]
)
async def test_a_step_that_fails_is_named_with_its_reason(
    mesh: Mesh, pipeline: str, position: int, service: str
) -> None:
    answer = await ask(mesh, f"{names.SERVE_PATH}/{pipeline}")
    document = await logged(mesh, answer)
    failure = document["failure"]
    reason = failure.pop("reason")
    assert failure == {"step": position, "service": service, "model": "status-422", "kind": "rejected"}
    assert 'answered 422: row 3\n lacks "Ort" ? ?? in M\u00fcnchen' in reason
    assert (document["status"], document["pipeline"]) == (422, pipeline)
    assert document["timing"] == answer.headers[names.SERVER_TIMING]


async def test_a_step_that_breaks_off_is_named(mesh: Mesh) -> None:
    document = await logged(mesh, await ask(mesh, f"{names.SERVE_PATH}/close"))
    assert document["failure"]["step"] == 2
    assert "the connection broke before it answered" in document["failure"]["reason"]


async def test_what_the_filter_refuses_has_a_reason_and_no_step(mesh: Mesh) -> None:
    document = await logged(mesh, await ask(mesh, f"{names.SERVE_PATH}/two", x_catenary_timeout_ms="soon"))
    reason = "x-catenary-timeout-ms is a whole number of milliseconds from 1 on"
    assert document["failure"] == {"reason": reason, "kind": "client"}
    assert (document["status"], document["pipeline"]) == (400, "two")


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [("/nothing/here", "GET", 404), (f"{names.SERVE_PATH}/none", "POST", 404), (f"{names.SERVE_PATH}/two", "GET", 405)],
)
async def test_a_request_to_no_pipeline_is_logged_as_that(mesh: Mesh, path: str, method: str, status: int) -> None:
    document = await logged(mesh, await ask(mesh, path, method))
    assert "pipeline" not in document
    assert (document["method"], document["path"], document["status"]) == (method, path, status)


async def test_health_checks_are_not_logged(mesh: Mesh) -> None:
    checked = await ask(mesh, names.HEALTH_PATH, "GET", x_request_id="of-a-health-check")
    assert checked.status == 200
    # Those that found the gateway's app not yet there have failed.
    await logged(mesh, await ask(mesh, f"{names.SERVE_PATH}/two"))
    assert not [text for text in lines(mesh) if "of-a-health-check" in text or '"/health"' in text]


async def test_a_model_that_is_called_health_is_no_health_check(mesh: Mesh) -> None:
    await mesh.pipeline("well", "first/health")
    document = await logged(mesh, await ask(mesh, f"{names.SERVE_PATH}/well"))
    assert (document["pipeline"], document["failure"]["model"]) == ("well", "health")


async def test_what_a_rate_limit_refuses_is_told_by_its_details(mesh: Mesh) -> None:
    await mesh.pipeline("limited", "first/m1", limits={"requests_per_s": NEVER})
    assert (await ask(mesh, f"{names.SERVE_PATH}/limited")).status == 200
    document = await logged(mesh, await ask(mesh, f"{names.SERVE_PATH}/limited"))
    assert (document["status"], document["pipeline"], document["details"]) == (429, "limited", "local_rate_limited")
    assert "failure" not in document


async def test_a_client_that_leaves_is_told_by_its_flag(mesh: Mesh) -> None:
    asking = asyncio.create_task(ask(mesh, f"{names.SERVE_PATH}/hold", x_request_id="of-one-who-leaves"))
    await CALLED.wait()
    asking.cancel()
    document = json.loads(await line(mesh, "of-one-who-leaves"))
    assert (document["status"], document["pipeline"], document["flags"]) == (0, "hold", "DC")
    assert document["details"] == "downstream_remote_disconnect"


async def test_a_stream_is_logged_when_it_ends(mesh: Mesh) -> None:
    headers = {"accept": "text/event-stream"}
    async with mesh.session.post(mesh.serve_url("stream"), json=[{}], headers=headers) as answer:
        assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
        await logged(mesh, await ask(mesh, f"{names.SERVE_PATH}/two"))
        assert answer.headers[names.REQUEST_ID] not in "".join(lines(mesh))
        GO_ON.set()
        assert await answer.read() == b"data: 2\n\n"
    document = await logged(mesh, answer)
    assert (document["status"], document["response_bytes"]) == (200, len("data: 1\n\n" * 2))


async def test_a_client_that_leaves_amid_a_stream_is_logged_though_it_was_answered(text_mesh: Mesh) -> None:
    headers = {"accept": "text/event-stream"}
    answer = await text_mesh.session.post(text_mesh.serve_url("stream"), json=[{}], headers=headers)
    assert await answer.content.readuntil(b"\n\n") == b"data: 1\n\n"
    answer.close()
    written = await line(text_mesh, answer.headers[names.REQUEST_ID])
    assert "/api/v1/serve/stream 200 pipeline=stream " in written
    assert " flags=DC details=downstream_remote_disconnect " in written


async def test_of_what_succeeds_only_the_share_that_is_wanted_is_logged(text_mesh: Mesh) -> None:
    served = [await ask(text_mesh, f"{names.SERVE_PATH}/two") for _ in range(20)]
    failed = await ask(text_mesh, f"{names.SERVE_PATH}/status-500")
    assert await line(text_mesh, failed.headers[names.REQUEST_ID])
    for answer in served:
        assert answer.status == 200
        assert answer.headers[names.REQUEST_ID] not in "".join(lines(text_mesh))


async def test_a_line_for_people_is_as_all_others_are(text_mesh: Mesh) -> None:
    answer = await ask(text_mesh, f"{names.SERVE_PATH}/status-500", x_request_id="for-people")
    written = await line(text_mesh, "for-people")
    shape = (
        r"(?P<time>\S+Z) INFO    gateway/envoy: POST /api/v1/serve/status-500 500 pipeline=status-500 duration_ms=\d+"
        r" request_bytes=4 response_bytes=\d+ client=127\.0\.0\.1 grpc_status=- flags=- details=via_upstream"
        r" timing=(?P<timing>.*) failure=(?P<failure>\{.*\}) request_id=for-people trace_id=(?P<trace>[0-9a-f]{32})"
    )
    found = re.fullmatch(shape, written)
    assert found, written
    assert found["trace"] == answer.headers[names.TRACE_ID]
    assert found["timing"] == answer.headers[names.SERVER_TIMING]
    assert json.loads(found["failure"])["step"] == 2
    assert "row 3\\n lacks" in found["failure"]
    assert written.isprintable()


FORGED = [
    (b"/none\x0c%0aforged", b"of-a-path"),
    (b"/none", b"of-a-client\t\xc2\x85forged\xe2\x80\xa8"),
    (b"/none", b"of-a-member trace_id=forged"),
    (b"/none", b"of-bytes\xff\xc3"),
    (b"/none", b"of-a-terminal\xc2\x9b2J"),
    (b"/" + b"x" * 5_000, b"of-a-long-path"),
    (b"/none", b"of-a-long-id" + b"y" * 5_000),
    (b'/none"},{"status":200', b'of-json"},{"status":200'),
]


@pytest.mark.parametrize(("path", "request_id"), FORGED)
@pytest.mark.parametrize("form", ["json", "text"])
async def test_no_client_writes_a_line_of_its_own(
    mesh: Mesh, text_mesh: Mesh, form: str, path: bytes, request_id: bytes
) -> None:
    of = mesh if form == "json" else text_mesh
    address = parse_address(of.gateway_url.removeprefix("http://"))
    begin, end = (f"{word}-{next(COUNT)}" for word in ("begin", "end"))
    await ask(of, "/none", x_request_id=begin)
    await line(of, begin)
    request = b"GET %s HTTP/1.1\r\nhost: a\r\nx-request-id: %s\r\nconnection: close\r\n\r\n" % (path, request_id)
    answer = await exchange(address, request)
    assert answer
    assert answer.status >= 400
    await ask(of, "/none", x_request_id=end)
    await line(of, end)
    assert of.gateway
    (written,) = of.gateway.log.read_bytes().decode().split(begin)[1].split(end)[0].split("\n")[1:-1]
    assert written.isascii()
    assert written.isprintable()
    assert "forged" not in written
    assert len(written) < 2_000
    if form == "json":
        assert json.loads(written)["status"] == answer.status
