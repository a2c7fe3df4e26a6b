"""One health check against a real server: what passes, what does not, and what is read from it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web

from catenary import names
from catenary.address import free_port
from catenary.messages import LoadedModel
from catenary.sidecar.health import GrpcHealthCheck, Health, HttpHealthCheck

GRPC = {"content-type": "application/grpc"}
MODEL = {"name": "m", "version": "1", "state": "ready", "reason": ""}
Ask = Callable[..., Awaitable[Health]]


@pytest_asyncio.fixture
async def ask() -> AsyncIterator[Ask]:
    """Asks once a server that gives the answer it is told."""
    port = free_port()
    answers: list[web.StreamResponse] = []

    async def handler(request: web.Request) -> web.StreamResponse:
        return answers.pop()

    runner = web.ServerRunner(web.Server(handler))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with aiohttp.ClientSession() as http:

        async def once(answer: web.StreamResponse, *, lenient: bool = False, grpc: bool = False) -> Health:
            answers.append(answer)
            url = f"http://127.0.0.1:{port}/"
            if grpc:
                return await GrpcHealthCheck(http, url, timeout_s=5).check()
            return await HttpHealthCheck(http, url, lenient=lenient, timeout_s=5).check()

        yield once
    await runner.cleanup()


@pytest.mark.parametrize(("status", "strict", "lenient"), [(200, 1, 1), (302, 1, 1), (404, 0, 1), (500, 0, 0)])
async def test_which_answers_pass(ask: Ask, status: int, strict: int, lenient: int) -> None:
    assert (await ask(web.Response(status=status))).passing == bool(strict)
    assert (await ask(web.Response(status=status), lenient=True)).passing == bool(lenient)


async def test_what_the_envoy_answers_by_itself_never_passes(ask: Ask) -> None:
    answer = web.Response(status=404, headers={names.LOCAL_REPLY: "route_not_found"})
    health = await ask(answer, lenient=True)
    assert health.fault == "the app does not answer its Envoy (404, route_not_found)"


async def test_an_app_that_speaks_something_else_is_asked_what(ask: Ask) -> None:
    answer = web.Response(status=502, headers={names.LOCAL_REPLY: "upstream_reset{protocol_error}"})
    assert (await ask(answer)).fault.endswith("; is CATENARY_APP_PROTOCOL what it speaks?")


async def test_what_the_app_waits_for_is_said(ask: Ask) -> None:
    health = await ask(web.json_response({"waiting_for": "the repository"}, status=503))
    assert health.fault == "the app answers 503: it waits for the repository"


async def test_models_are_read(ask: Ask) -> None:
    health = await ask(web.json_response({"models": [MODEL]}))
    assert health == Health(models=(LoadedModel.model_validate(MODEL),))


@pytest.mark.parametrize("said", [{}, [], {"models": 3}, {"models": ["m"]}, {"models": [{"name": "m"}]}, "[", "é"])
async def test_other_answers_say_nothing_of_models_and_pass(ask: Ask, said: Any) -> None:
    answer = web.Response(text=said, content_type=names.JSON_TYPE) if isinstance(said, str) else web.json_response(said)
    assert await ask(answer) == Health(models=None)


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        ({"headers": GRPC, "body": b"\0\0\0\0\2\x08\x01"}, ""),
        ({"headers": GRPC, "body": b"\0\0\0\0\2\x08\x02"}, "the app answers that it is not serving"),
        ({"headers": GRPC, "body": b"\0\0\0\0\0"}, "the app answers that it is not serving"),
        ({"headers": GRPC | {"grpc-status": "12"}}, ""),
        ({"headers": GRPC | {"grpc-status": "14", "grpc-message": "50 %25"}}, "the app answers gRPC's status 14: 50 %"),
        ({"headers": GRPC | {"grpc-status": "-"}}, "the app answers nothing that says whether it is serving"),
        ({"status": 404, "text": "no"}, "the app answers 404 in text/plain, which is not gRPC"),
        ({"headers": GRPC | {names.LOCAL_REPLY: "away"}}, "the app does not answer its Envoy (200, away)"),
    ],
)
async def test_which_answers_of_a_grpc_server_pass(ask: Ask, answer: dict[str, Any], fault: str) -> None:
    assert (await ask(web.Response(**answer), grpc=True)).fault == fault


async def test_a_check_ends_in_time() -> None:
    released = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        await released.wait()
        return web.Response()

    runner = web.ServerRunner(web.Server(silent))
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port := free_port()).start()
    async with aiohttp.ClientSession() as http:
        check = HttpHealthCheck(http, f"http://127.0.0.1:{port}/", lenient=True, timeout_s=0.2)
        assert (await check.check()).fault == "no answer within 0.2 s"
    released.set()
    await runner.cleanup()


async def test_nobody_listens() -> None:
    async with aiohttp.ClientSession() as http:
        check = HttpHealthCheck(http, f"http://127.0.0.1:{free_port()}/", lenient=True, timeout_s=5)
        assert (await check.check()).fault == "its Envoy does not listen"
