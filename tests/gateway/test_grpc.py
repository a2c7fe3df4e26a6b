"""gRPC through a pipeline of one step: a server behind its sidecar, called at the gateway as generated stubs call.

One file, for the mesh that all of these tests share takes seconds to start.
"""

from __future__ import annotations

import asyncio
import functools
import re
import signal
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import pytest
import pytest_asyncio
from exported import of_page, values
from mesh import until
from supervised import Supervised, World, supervisors

from catenary import names
from catenary.address import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

SERVER = [sys.executable, str(Path(__file__).parents[1] / "support" / "grpc_app.py")]
DEADLINE_S = 30
"""Of calls that do not come near it: whatever hangs ends there."""
NEVER = 0.001
"""Requests a second: so slow that during a test a bucket gets nothing back."""


class Edge:
    """A gateway, a gRPC server behind its sidecar, and calls from the one to the other."""

    def __init__(self, world: World, gateway: Supervised, address: str, server: Supervised, channel: Any) -> None:
        self.world = world
        self.gateway = gateway
        self.address = address
        self.server = server
        self._channel = channel

    async def pipeline(self, name: str, *chain: str, **fields: Any) -> None:
        """Of gRPC; without `chain` to the server."""
        await self.world.pipeline(name, *(chain or [f"{self.server.service}/echo"]), transportType="grpc", **fields)

    def call(
        self,
        method: str,
        message: Any = b"",
        *metadata: tuple[str, str],
        pipeline: str | None = "echo",
        timeout_s: float | None = DEADLINE_S,
        kind: str = "unary_unary",
    ) -> Any:
        """As a generated stub calls: its path is the method's, and only the metadata are the caller's own."""
        make: Callable[..., Any] = getattr(self._channel, kind)
        named = [(names.PIPELINE, pipeline)] if pipeline else []
        return make(f"/test.Echo/{method}")(message, metadata=[*named, *metadata], timeout=timeout_s)

    async def logged(self, request: str) -> str:
        """The gateway's line for the request with this id, once it is written."""
        lines: list[str] = []

        async def is_logged() -> bool:
            lines[:] = [line for line in self.gateway.log.splitlines() if f" request_id={request} " in line]
            return bool(lines)

        await until(is_logged, f"a line of {request}")
        (line,) = lines
        return line

    async def refused(self, *call: Any, **options: Any) -> tuple[grpc.StatusCode, str]:
        """The status and the message with which a call fails."""
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await self.call(*call, **options)
        return raised.value.code(), raised.value.details() or ""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def edge() -> AsyncIterator[Edge]:
    async with World() as world, supervisors(world) as start:
        gateway = await start([sys.executable, "-m", "gateway"], role="gateway")
        server = await start(SERVER, app_protocol="grpc")
        address = (await gateway.until_registered())["address"]
        await server.until_registered()
        async with grpc.aio.insecure_channel(address) as channel:
            edge = Edge(world, gateway, address, server, channel)
            await edge.pipeline("echo")
            yield edge


async def test_a_unary_call_with_its_metadata_before_and_behind_the_answer(edge: Edge) -> None:
    call = edge.call("unary", b"\0\xff", ("x-sent", "by me"))
    assert await call == b"\0\xff"
    before = {**dict(await call.initial_metadata())}
    assert before["x-sent"] == "by me"
    assert re.fullmatch(r'echo;dur=[\d.]+;desc=".*", total;dur=[\d.]+', before[names.SERVER_TIMING])
    assert re.fullmatch("[0-9a-f]{32}", before[names.TRACE_ID])
    assert dict(await call.trailing_metadata()) == {"x-sent": "by me"}


async def test_a_server_streams_message_by_message(edge: Edge) -> None:
    call = edge.call("server_streaming", b"abc", kind="unary_stream")
    assert [message async for message in call] == [b"a", b"b", b"c"]


async def test_a_client_streams_and_is_answered_once(edge: Edge) -> None:
    call = edge.call("client_streaming", iter([b"a", b"b", b"c"]), kind="stream_unary")
    assert await call == b"abc"


async def test_both_stream_and_each_answer_comes_before_the_next_message_is_sent(edge: Edge) -> None:
    call = edge.call("bidirectional", None, kind="stream_stream")
    for message in [b"1", b"2", b"3"]:
        await call.write(message)
        assert await call.read() == message
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert dict(await call.trailing_metadata()) == {"x-behind": "all"}


async def test_a_stream_may_outlast_the_pipelines_deadline_once_it_has_begun(edge: Edge) -> None:
    await edge.pipeline("brief", timeout_s=0.3)
    call = edge.call("bidirectional", None, pipeline="brief", kind="stream_stream", timeout_s=None)
    await call.write(b"1")
    assert await call.read() == b"1"
    await asyncio.sleep(0.6)  # longer than the deadline
    await call.write(b"2")
    assert await call.read() == b"2"


async def test_a_large_message_passes(edge: Edge) -> None:
    message = bytes(range(256)) * 12_000  # 3 MB: servers and clients take 4 MB unless they are told otherwise
    assert await edge.call("unary", message) == message


@pytest.mark.parametrize("code", ["FAILED_PRECONDITION", "NOT_FOUND", "INTERNAL"])
async def test_the_servers_own_status_message_and_trailers_come_through(edge: Edge, code: str) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as raised:
        await edge.call("fail", f"{code} 100 % größer".encode())
    assert (raised.value.code(), raised.value.details()) == (grpc.StatusCode[code], "100 % größer")
    assert dict(raised.value.trailing_metadata())["x-why"] == "asked"


async def test_the_server_knows_the_deadline_and_the_calls_metadata(edge: Edge) -> None:
    assert 0 < float(await edge.call("left_s")) < DEADLINE_S + 1  # gRPC rounds up
    lines = (await edge.call("metadata", b"", ("authorization", "Bearer t"))).decode().splitlines()
    got = dict(line.split(": ", 1) for line in lines)
    assert got["authorization"] == "Bearer t"
    assert 0 < int(got[names.TIMEOUT_MS]) < (DEADLINE_S + 1) * 1000


async def test_a_call_that_its_client_cancels_is_cancelled_at_the_server(edge: Edge) -> None:
    call = edge.call("hold")
    await edge.call("until_held")
    call.cancel()
    await edge.call("until_cancelled")
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_call_ends_everywhere_at_its_own_deadline(edge: Edge) -> None:
    """Sent by hand: a gRPC client gives up by itself before it sees what the gateway says."""
    headers = {"content-type": names.GRPC_TYPE, "te": "trailers", "grpc-timeout": "300m", names.PIPELINE: "echo"}
    url = f"http://{edge.address}/test.Echo/hold"
    async with edge.world.http.post(url, data=bytes(5), headers=headers) as answer:
        assert answer.headers["grpc-status"] == str(grpc.StatusCode.DEADLINE_EXCEEDED.value[0])
        # The server keeps the deadline as well, and may be first.
        ours = "pipeline 'echo' did not answer within the deadline of the call"
        assert answer.headers["grpc-message"] in (ours, "Deadline Exceeded")
    await edge.call("until_held")
    await edge.call("until_cancelled")


async def test_a_deadline_of_more_digits_than_grpc_allows_is_none(edge: Edge) -> None:
    """To Envoy too: it would end nothing."""
    await edge.pipeline("brief", timeout_s=0.3)
    headers = {"content-type": names.GRPC_TYPE, "te": "trailers", "grpc-timeout": "100000000n", names.PIPELINE: "brief"}
    async with edge.world.http.post(f"http://{edge.address}/test.Echo/hold", data=bytes(5), headers=headers) as answer:
        assert answer.headers["grpc-status"] == str(grpc.StatusCode.DEADLINE_EXCEEDED.value[0])
    await edge.call("until_held")
    await edge.call("until_cancelled")


async def test_a_call_without_a_deadline_has_the_pipelines(edge: Edge) -> None:
    await edge.pipeline("brief", timeout_s=0.3)
    code, message = await edge.refused("hold", pipeline="brief", timeout_s=None)
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED
    assert message == f"step 1 ({edge.server.service}/echo) of pipeline 'brief' did not answer within its deadline"
    await edge.call("until_held")
    await edge.call("until_cancelled")


async def test_a_method_that_the_server_does_not_have_is_the_servers_to_refuse(edge: Edge) -> None:
    code, _ = await edge.refused("no_such_method")
    assert code == grpc.StatusCode.UNIMPLEMENTED


async def test_no_such_pipeline(edge: Edge) -> None:
    code, message = await edge.refused("unary", pipeline="ecko")
    assert code == grpc.StatusCode.NOT_FOUND
    assert message.startswith("there is no pipeline 'ecko'; did you mean 'echo'")


async def test_no_pipeline_named(edge: Edge) -> None:
    code, message = await edge.refused("unary", pipeline=None)
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert message == "a call names its pipeline in its metadata, as x-catenary-pipeline"


async def test_a_pipeline_of_http_is_not_called_by_grpc_nor_the_other_way_round(edge: Edge) -> None:
    await edge.world.pipeline("rows", "serving-a/m", "serving-b/m")

    async def is_told() -> bool:
        """What the manager knows is asked for once a second."""
        return (await edge.refused("unary", pipeline="rows"))[0] == grpc.StatusCode.UNIMPLEMENTED

    await until(is_told, "the gateway's app knows the pipeline")
    _, message = await edge.refused("unary", pipeline="rows")
    assert message == "pipeline 'rows' is called by HTTP: its transportType is 'http'"
    async with edge.world.http.post(f"http://{edge.address}{names.SERVE_PATH}/echo", json=[]) as answer:
        assert answer.status == 415
        assert (await answer.json())["error"] == "pipeline 'echo' is called by gRPC: its transportType is 'grpc'"


async def test_a_chain_of_two_steps_cannot_be_one_of_grpc(edge: Edge) -> None:
    pipeline = {"name": "two", "chain": ["serving-a/m", "serving-b/m"], "transportType": "grpc"}
    async with edge.world.http.post(edge.world.manager_url + names.PIPELINES_PATH, json=pipeline) as answer:
        document = await answer.json()
    assert (answer.status, document["field"]) == (422, "transportType")
    assert document["error"] == "transportType: gRPC goes to one step, as it is; the chain has 2"


async def test_no_instance(edge: Edge) -> None:
    await edge.pipeline("waiting", "serving-nobody/m")
    code, message = await edge.refused("unary", pipeline="waiting")
    assert code == grpc.StatusCode.UNAVAILABLE
    assert message == "step 1 (serving-nobody/m) of pipeline 'waiting' could not be reached: it has no healthy instance"


async def test_a_deadline_that_is_no_number(edge: Edge) -> None:
    code, message = await edge.refused("unary", b"", (names.TIMEOUT_MS, "soon"))
    assert code == grpc.StatusCode.INVALID_ARGUMENT
    assert message == "x-catenary-timeout-ms is a whole number of milliseconds from 1 on"


async def test_over_the_rate_limit(edge: Edge) -> None:
    await edge.pipeline("rare", limits={"requests_per_s": NEVER})
    assert await edge.call("unary", b"1", pipeline="rare") == b"1"
    code, message = await edge.refused("unary", pipeline="rare")
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert message == "the rate limit of pipeline 'rare' is reached; try again in 1000 s"


async def test_more_calls_at_once_than_there_may_be(edge: Edge) -> None:
    await edge.pipeline("alone", limits={"concurrent_requests": 1})
    held = edge.call("hold", pipeline="alone")
    await edge.call("until_held")
    code, message = await edge.refused("unary", pipeline="alone")
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED
    assert message == "pipeline 'alone' has as many requests under way as it may have; try again in 1 s"
    held.cancel()
    await edge.call("until_cancelled")


async def test_a_call_with_a_deadline_is_tried_at_another_instance(edge: Edge) -> None:
    service = edge.server.service
    gone = {"id": "gone", "service": service, "address": f"127.0.0.1:{free_port()}"}
    async with edge.world.http.put(f"{edge.world.manager_url}{names.INSTANCES_PATH}/gone", json=gone) as answer:
        assert answer.status == 200
    # In turn: of any two calls one meets the instance that is not there.
    assert [await edge.call("unary", b"1") for _ in range(4)] == [b"1"] * 4
    async with edge.world.http.delete(f"{edge.world.manager_url}{names.INSTANCES_PATH}/gone") as answer:
        assert answer.status == 200


@pytest.mark.parametrize(("code", "tries"), [("UNAVAILABLE", 3), ("INTERNAL", 1)])
async def test_only_what_is_unavailable_is_tried_again(edge: Edge, code: str, tries: int) -> None:
    before = int(await edge.call("failures"))
    assert await edge.refused("fail", f"{code} why".encode()) == (grpc.StatusCode[code], "why")
    assert int(await edge.call("failures")) == before + tries


@pytest.mark.parametrize("process", ["app", "envoy"])
async def test_an_instance_that_is_killed_costs_no_call_with_a_deadline(edge: Edge, process: str) -> None:
    service, answered, stop = f"serving-{process}", 0, asyncio.Event()

    async def call() -> None:
        nonlocal answered
        while not stop.is_set():
            # Its answer comes in one piece: one that has begun is not made anew.
            assert await edge.call("failures", pipeline=service) == b"0"
            answered += 1

    async def more(count: int) -> None:
        goal = answered + count
        await until(lambda: _reached(lambda: answered >= goal or callers.done()), f"{count} more answers")

    async with supervisors(edge.world) as start:
        pair = [await start(SERVER, app_protocol="grpc", service=service) for _ in range(2)]
        for instance in pair:
            await instance.until_in()
        await edge.pipeline(service, f"{service}/echo")
        callers = asyncio.gather(*(call() for _ in range(4)))
        await more(50)
        pair[0].signal(process, signal.SIGKILL)
        await pair[0].until_out()
        await more(50)
        stop.set()
        await callers


async def _reached(is_so: Callable[[], bool]) -> bool:
    return is_so()


async def test_a_runtime_that_does_not_speak_grpc_is_told_from_one_that_is_away(edge: Edge) -> None:
    async with supervisors(edge.world) as start:
        runtime = await start()
        await runtime.until_registered()
        await edge.pipeline("http", f"{runtime.service}/m")
        code, _ = await edge.refused("unary", pipeline="http")
        assert code == grpc.StatusCode.UNIMPLEMENTED


async def test_a_pipeline_of_grpc_is_changed_and_deleted(edge: Edge) -> None:
    await edge.pipeline("moved", "serving-nobody/m")
    await edge.pipeline("moved")
    assert await edge.call("unary", b"1", pipeline="moved") == b"1"
    async with edge.world.http.delete(f"{edge.world.manager_url}{names.PIPELINES_PATH}/moved") as answer:
        assert answer.status == 200
    code, _ = await edge.refused("unary", pipeline="moved")
    assert code == grpc.StatusCode.NOT_FOUND


@pytest.mark.parametrize(
    ("health", "registered"), [("NOT_SERVING", False), ("UNKNOWN", False), ("UNIMPLEMENTED", True)]
)
async def test_the_standard_health_service_says_whether_the_server_is_well(
    edge: Edge, tmp_path: Path, health: str, registered: bool
) -> None:
    state = tmp_path / "health"
    state.write_text("SERVING")
    async with supervisors(edge.world) as start:
        server = await start([*SERVER, str(state)], app_protocol="grpc")
        await server.until_registered()
        state.write_text(health)
        if not registered:
            await server.until_gone()
            state.write_text("SERVING")
            await server.until_registered()
        else:
            with pytest.raises(AssertionError, match="not within"):
                await until(functools.partial(_is_out, server), "it has left", timeout_s=2)


async def _is_out(server: Supervised) -> bool:
    return not await server.is_in()


async def test_a_server_that_answers_nothing_any_more_is_killed(edge: Edge, tmp_path: Path) -> None:
    state = tmp_path / "health"
    state.write_text("SERVING")
    async with supervisors(edge.world) as start:
        server = await start([*SERVER, str(state)], app_protocol="grpc", hang_s="0.5", health_timeout_s="0.5")
        await server.until_registered()
        state.write_text("silent")
        assert await server.ended() == 1
        assert "the app has answered nothing for 0.5 s" in server.log


async def test_a_stop_lets_the_call_under_way_end(edge: Edge) -> None:
    async with supervisors(edge.world) as start:
        server = await start(SERVER, app_protocol="grpc")
        await server.until_registered()
        await edge.pipeline("stopped", f"{server.service}/echo")
        call = edge.call("bidirectional", None, pipeline="stopped", kind="stream_stream")
        await call.write(b"1")
        assert await call.read() == b"1"
        server.terminate()
        await server.until_gone()
        await call.write(b"2")
        assert await call.read() == b"2"
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        assert await server.ended() == 0


async def test_the_gateway_logs_each_call_with_its_status(edge: Edge) -> None:
    """By a real supervisor, whose lines and whose Envoy's are one log."""
    await edge.call("unary", b"abc", ("x-request-id", "of-a-call"))
    line = await edge.logged("of-a-call")
    assert f" {edge.gateway.service}/envoy: POST /test.Echo/unary 200 pipeline=echo " in line
    assert " grpc_status=OK " in line
    await edge.refused("fail", b"NOT_FOUND no", ("x-request-id", "of-a-failure"))
    assert " 200 pipeline=echo " in (line := await edge.logged("of-a-failure"))
    assert " grpc_status=NotFound " in line
    await edge.refused("unary", b"", ("x-request-id", "of-none"), pipeline="ecko")
    assert " 200 pipeline=- " in (line := await edge.logged("of-none"))
    assert " grpc_status=NotFound " in line


async def test_a_stream_is_logged_when_it_ends(edge: Edge) -> None:
    call = edge.call("bidirectional", None, ("x-request-id", "of-a-stream"), kind="stream_stream")
    await call.write(b"1")
    assert await call.read() == b"1"
    await edge.call("unary", b"", ("x-request-id", "of-a-later-call"))
    await edge.logged("of-a-later-call")
    assert "of-a-stream" not in edge.gateway.log
    await call.done_writing()
    assert await call.read() is grpc.aio.EOF
    assert " grpc_status=OK " in await edge.logged("of-a-stream")


async def test_calls_are_counted_by_what_became_of_them(edge: Edge) -> None:
    await edge.pipeline("counted")
    await edge.pipeline("counted-limit", limits={"requests_per_s": NEVER})
    await edge.pipeline("counted-nobody", "nobody/echo")
    await edge.pipeline("counted-late", timeout_s=0.3)
    await edge.call("unary", b"abc", pipeline="counted")
    for code in ["NOT_FOUND", "INVALID_ARGUMENT", "INTERNAL", "RESOURCE_EXHAUSTED", "DEADLINE_EXCEEDED", "CANCELLED"]:
        await edge.refused("fail", code.encode(), pipeline="counted")
    await edge.refused("no-such-method", pipeline="counted")
    await edge.call("unary", pipeline="counted-limit")
    await edge.refused("unary", pipeline="counted-limit")
    await edge.refused("unary", pipeline="counted-nobody")
    await edge.refused("hold", pipeline="counted-late")
    leaving = edge.call("hold", pipeline="counted")
    await edge.call("until_held")
    leaving.cancel()
    address = (await edge.gateway.until_registered())["metrics"]

    async def has_gone() -> bool:
        return bool(values(await of_page(address), "catenary_gateway_failures_total", kind="client_gone"))

    await until(has_gone, "the call that was cancelled is counted")
    found = await of_page(address)
    requests = values(found, "catenary_gateway_requests_total", "code", pipeline="counted")
    assert requests == {("200",): 8, ("0",): 1}
    failures = {
        labels: value
        for labels, value in values(
            found, "catenary_gateway_failures_total", "pipeline", "kind", "step", "service", "model"
        ).items()
        if labels[0].startswith("counted")
    }
    blamed = ("1", edge.server.service, "echo")
    assert failures == {
        ("counted", "rejected", *blamed): 3,
        ("counted", "failed", *blamed): 2,
        ("counted", "overloaded", *blamed): 1,
        ("counted", "timeout", *blamed): 1,
        ("counted", "client_gone", "", "", ""): 1,
        ("counted-limit", "limited", "", "", ""): 1,
        ("counted-nobody", "unreachable", "1", "nobody", "echo"): 1,
        ("counted-late", "timeout", *blamed): 1,
    }
    # Its sidecar does not take a method, which is the client's word, for a model.
    steps = await of_page((await edge.server.until_registered())["metrics"])
    assert values(steps, "catenary_step_requests_total", "step", "model", "code", pipeline="counted") == {
        ("1", "", "200"): 8,
        ("1", "", "0"): 1,
    }
