"""What a client gets when something in a chain fails: a problem document that names the step, within the deadline."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientError, ClientTimeout, web
from mesh import Mesh

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

BODY_BYTES = 100_000


class Scripted:
    """A step that does what the path says, and counts its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.cancelled = asyncio.Event()

    async def answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        self.calls.append(request.path)
        word, _, argument = request.path.removeprefix("/").partition("-")
        if word == "status":
            return web.Response(status=int(argument), text='a "quoted"\nreason\x01', headers={"retry-after": "7"})
        if word == "problem":
            error = {"error": 'row 3 lacks "Ort" in M\u00fcnchen', "row": 3, "column": "Ort"}
            return web.Response(status=422, body=json.dumps(error, ensure_ascii=False), content_type=names.PROBLEM_TYPE)
        if word == "escaped":
            return web.Response(status=500, body=json.dumps({"error": 'Gr\u00f6\u00dfe "\u20ac"\n'}))
        if word == "flood":
            return web.Response(status=500, body=json.dumps({"error": "\u00e4" * 40_000, "row": 10**20}))
        if word == "html":
            return web.Response(status=500, text="<html>no</html>", content_type="text/html")
        if word == "nothing":
            return web.Response(status=304)
        if word == "bytes":
            return web.Response(status=500, body=b"\xff\xfe\x00ok\xc3")
        if word == "big":
            return web.Response(status=500, body=b"x" * 300_000)
        if word == "slow":
            try:
                await asyncio.sleep(float(argument))
            except asyncio.CancelledError:
                self.cancelled.set()
                raise
        if word == "close":
            assert request.transport
            request.transport.abort()
        return web.json_response([{"ok": True}])


FIRST = Scripted()
SECOND = Scripted()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh(body_bytes=BODY_BYTES) as mesh:
        await mesh.step("first", FIRST.answer)
        await mesh.step("second", SECOND.answer)
        yield mesh


@pytest.fixture(autouse=True)
def _fresh() -> None:
    for step in (FIRST, SECOND):
        step.calls.clear()
        step.cancelled.clear()


async def post(mesh: Mesh, *chain: str | dict[str, Any], headers: dict[str, str] | None = None, **fields: Any) -> Any:
    """Make a pipeline of `chain`, post to it: status, headers and the document, whose shape is checked."""
    await mesh.pipeline("p", *chain, **fields)
    async with mesh.session.post(mesh.serve_url("p"), json=[{}], headers=headers or {}) as answer:
        body = await answer.read()
    assert answer.headers["content-type"] == names.PROBLEM_TYPE, body
    document = json.loads(body)
    assert document["status"] == answer.status
    assert document["error"] == document["detail"]
    assert document["request_id"] == answer.headers[names.REQUEST_ID]
    assert document["trace_id"] == answer.headers[names.TRACE_ID]
    assert document["pipeline"] == "p"
    assert names.LOCAL_REPLY not in answer.headers
    return answer.status, answer.headers, document


@pytest.mark.parametrize("status", [400, 401, 404, 409, 422, 429, 500, 501, 504])
@pytest.mark.parametrize("position", [1, 2])
async def test_a_failing_step_gives_its_status_and_its_name(mesh: Mesh, status: int, position: int) -> None:
    chain = [f"first/status-{status}", "second/m"] if position == 1 else ["first/m", f"second/status-{status}"]
    answered, headers, document = await post(mesh, *chain)
    assert answered == status
    assert (document["step"], f"{document['service']}/{document['model']}") == (position, chain[position - 1])
    assert document["upstream_status"] == status
    assert document["upstream_body"] == 'a "quoted"\nreason\x01'
    assert headers["retry-after"] == "7"
    assert f"status-{status};dur=" in headers[names.SERVER_TIMING]
    assert "total;dur=" in headers[names.SERVER_TIMING]
    # Nothing after the failing step was called, and nothing was tried again.
    assert len(FIRST.calls) == 1
    assert len(SECOND.calls) == position - 1


@pytest.mark.parametrize("chain", [["first/problem"], ["first/problem", "second/m"], ["first/m", "second/problem"]])
async def test_a_runtimes_sentence_row_and_column_come_through(mesh: Mesh, chain: list[str]) -> None:
    status, _, document = await post(mesh, *chain)
    assert status == 422
    assert document["detail"].endswith('answered 422: row 3 lacks "Ort" in M\u00fcnchen')
    assert (document["row"], document["column"]) == (3, "Ort")


@pytest.mark.parametrize("chain", [["first/bytes"], ["first/bytes", "second/m"]])
async def test_a_body_that_is_no_text_is_still_json(mesh: Mesh, chain: list[str]) -> None:
    _, _, document = await post(mesh, *chain)
    assert document["upstream_body"] == "\ufffd\ufffd\x00ok\ufffd"


@pytest.mark.parametrize("chain", [["first/escaped"], ["first/escaped", "second/m"]])
async def test_escapes_of_json_are_read(mesh: Mesh, chain: list[str]) -> None:
    _, _, document = await post(mesh, *chain)
    assert document["error"].endswith('answered 500: Gr\u00f6\u00dfe "\u20ac"\n')


@pytest.mark.parametrize("chain", [["first/flood"], ["first/flood", "second/m"]])
async def test_a_sentence_without_end_is_cut(mesh: Mesh, chain: list[str]) -> None:
    _, _, document = await post(mesh, *chain)
    assert len(document["error"]) < 3_000
    assert "row" not in document


@pytest.mark.parametrize("chain", [["first/status-501"], ["first/html"], ["first/html", "second/m"]])
async def test_a_page_is_not_quoted_in_the_sentence(mesh: Mesh, chain: list[str]) -> None:
    _, _, document = await post(mesh, *chain)
    assert document["error"].endswith(f"answered {document['status']}")
    assert document["upstream_body"]


@pytest.mark.parametrize("chain", [["first/nothing"], ["first/nothing", "second/m"], ["second/m", "first/nothing"]])
async def test_a_failure_without_a_body_is_a_document_too(mesh: Mesh, chain: list[str]) -> None:
    status, _, document = await post(mesh, *chain)
    assert (status, document["upstream_status"]) == (502, 304)


@pytest.mark.parametrize("chain", [["first/big"], ["first/m", "second/big"]])
async def test_a_large_error_is_cut(mesh: Mesh, chain: list[str]) -> None:
    status, _, document = await post(mesh, *chain)
    assert status == 500
    assert document["upstream_body"] == "x" * 2048


async def test_a_redirect_is_a_bad_gateway(mesh: Mesh) -> None:
    for chain in (["first/status-302", "second/m"], ["second/status-302"]):
        status, _, document = await post(mesh, *chain)
        assert (status, document["upstream_status"]) == (502, 302)


@pytest.mark.parametrize("chain", [["nobody/m"], ["nobody/m", "second/m"], ["first/m", "nobody/m"]])
async def test_a_service_without_instances_is_503_and_named(mesh: Mesh, chain: list[str]) -> None:
    status, _, document = await post(mesh, *chain)
    assert (status, document["service"]) == (503, "nobody")
    assert "it has no healthy instance" in document["detail"]
    assert "upstream_status" not in document


@pytest.mark.parametrize("chain", [["first/slow-9"], ["first/slow-9", "second/m"], ["first/m", "second/slow-9"]])
@pytest.mark.parametrize("by", ["header", "pipeline", "step"])
async def test_the_deadline_ends_a_slow_step(mesh: Mesh, chain: list[str], by: str) -> None:
    slow = next(i for i, entry in enumerate(chain) if "slow" in entry)
    fields: dict[str, Any] = {"timeout_s": 0.3} if by == "pipeline" else {}
    steps: list[str | dict[str, Any]] = [*chain]
    if by == "step":
        service, _, model = chain[slow].partition("/")
        steps[slow] = {"service": service, "model": model, "timeout_s": 0.3}
    start = asyncio.get_running_loop().time()
    status, _, document = await post(
        mesh, *steps, headers={names.TIMEOUT_MS: "300"} if by == "header" else {}, **fields
    )
    assert asyncio.get_running_loop().time() - start < 2
    assert (status, document["step"]) == (504, slow + 1)
    await asyncio.wait_for((SECOND if slow else FIRST).cancelled.wait(), 2)


@pytest.mark.parametrize("chain", [["first/slow-9"], ["second/m", "first/slow-9"]])
async def test_a_streams_deadline_is_one_deadline_and_one_try(mesh: Mesh, chain: list[str]) -> None:
    start = asyncio.get_running_loop().time()
    status, _, document = await post(mesh, *chain, headers={names.TIMEOUT_MS: "300", "accept": "text/event-stream"})
    assert asyncio.get_running_loop().time() - start < 0.6
    assert (status, document["step"]) == (504, len(chain))
    assert len(FIRST.calls) == 1


@pytest.mark.parametrize(
    "header",
    [
        "x-envoy-upstream-rq-timeout-alt-response",
        "x-envoy-upstream-rq-per-try-timeout-ms",
        "x-envoy-upstream-stream-duration-ms",
        "x-envoy-upstream-rq-timeout-ms",
    ],
)
async def test_a_client_cannot_steer_envoy_with_its_headers(mesh: Mesh, header: str) -> None:
    start = asyncio.get_running_loop().time()
    status, _, _ = await post(mesh, "second/m", "first/slow-9", headers={header: "50", names.TIMEOUT_MS: "300"})
    assert status == 504
    assert asyncio.get_running_loop().time() - start >= 0.29
    assert len(FIRST.calls) == 1


async def _slowly() -> AsyncIterator[bytes]:
    for _ in range(5):
        yield b" "
        await asyncio.sleep(0.1)
    yield b"[]"


@pytest.mark.parametrize("chain", [["first/m"], ["first/m", "second/m"]])
async def test_a_slow_upload_does_not_use_up_the_deadline(mesh: Mesh, chain: list[str]) -> None:
    await mesh.pipeline("p", *chain)
    headers = {names.TIMEOUT_MS: "300"}
    async with mesh.session.post(mesh.serve_url("p"), data=_slowly(), headers=headers) as answer:
        assert answer.status == 200, await answer.text()


async def test_what_earlier_steps_used_is_taken_from_the_deadline(mesh: Mesh) -> None:
    status, _, document = await post(mesh, "first/slow-0.25", "second/slow-0.25", headers={names.TIMEOUT_MS: "400"})
    assert (status, document["step"]) == (504, 2)


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "soon", ""])
async def test_a_deadline_that_is_no_number_is_refused(mesh: Mesh, value: str) -> None:
    status, _, document = await post(mesh, "first/m", headers={names.TIMEOUT_MS: value})
    assert status == 400
    assert names.TIMEOUT_MS in document["detail"]
    assert FIRST.calls == []


@pytest.mark.parametrize("retries", [0, 2])
@pytest.mark.parametrize("failing", ["status-503", "status-502", "close"])
@pytest.mark.parametrize("position", [1, 2])
async def test_a_step_is_tried_again_as_often_as_it_says(mesh: Mesh, retries: int, failing: str, position: int) -> None:
    step: dict[str, Any] = {"service": "first", "model": failing, "retries": retries}
    status, _, document = await post(mesh, *([step, "second/m"] if position == 1 else ["second/m", step]))
    assert status in (502, 503)
    assert document["step"] == position
    assert len(FIRST.calls) == 1 + retries


@pytest.mark.parametrize("chain", [["first/slow-9"], ["first/slow-9", "second/m"], ["second/m", "first/slow-9"]])
async def test_when_the_client_leaves_the_running_step_is_cancelled(mesh: Mesh, chain: list[str]) -> None:
    await mesh.pipeline("p", *chain)
    with pytest.raises((TimeoutError, ClientError)):
        await mesh.session.post(mesh.serve_url("p"), json=[{}], timeout=ClientTimeout(total=0.3))
    await asyncio.wait_for(FIRST.cancelled.wait(), 2)


async def _chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 10_000


async def test_a_body_over_the_limit_is_413(mesh: Mesh) -> None:
    await mesh.pipeline("one", "first/m")
    await mesh.pipeline("two", "first/m", "second/m")
    cases: list[tuple[str, Any]] = [("one", b" " * 200_000), ("two", b" " * 200_000), ("two", _chunks(30))]
    for pipeline, data in cases:
        async with mesh.session.post(mesh.serve_url(pipeline), data=data) as answer:
            document = json.loads(await answer.read())
            assert (answer.status, document["status"]) == (413, 413)
            assert answer.headers["content-type"] == names.PROBLEM_TYPE
    assert FIRST.calls == []


async def test_an_unknown_pipeline_is_404_with_the_names_that_are_near(mesh: Mesh) -> None:
    await mesh.pipeline("endpointML", "first/m")
    for path in ("endpointM", "endpointML2", "endpointML/"):
        async with mesh.session.post(mesh.serve_url(path), json=[]) as answer:
            document = json.loads(await answer.read())
        assert answer.status == 404
        assert document["near"] == ["endpointML"]
    async with mesh.session.post(mesh.gateway_url + "/api/v1/other", json=[]) as answer:
        assert answer.status == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
async def test_a_wrong_method_is_405(mesh: Mesh, method: str) -> None:
    await mesh.pipeline("endpointML", "first/m")
    async with mesh.session.request(method, mesh.serve_url("endpointML")) as answer:
        document = json.loads(await answer.read())
    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert document["status"] == 405
