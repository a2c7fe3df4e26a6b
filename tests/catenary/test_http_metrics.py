"""Requests to an API, counted by what answered them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from figures import Figures
from mesh import until

from catenary.address import UnixAddress
from catenary.errors import Unavailable
from catenary.http import application, listening
from catenary.http_metrics import HttpMetrics
from catenary.metrics import Metrics

URL = "http://api"
BEGUN = web.AppKey("begun", asyncio.Event)


async def things(request: web.Request) -> web.Response:
    match request.match_info["name"]:
        case "away":
            raise Unavailable("it is away")
        case "wrong":
            raise KeyError("a fault")
        case "slow":
            request.app[BEGUN].set()
            await asyncio.Event().wait()
    return web.Response()


@pytest.fixture
def begun() -> asyncio.Event:
    """Set when the slow handler has begun."""
    return asyncio.Event()


@pytest.fixture
async def session(tmp_path: Path, begun: asyncio.Event) -> AsyncIterator[aiohttp.ClientSession]:
    metrics = Metrics("api")
    app = application(max_body_bytes=1024)
    app[BEGUN] = begun
    metrics.add_to(app)
    HttpMetrics(metrics, untimed=lambda request: "wait" in request.query).add_to(app)
    app.router.add_get("/things/{name}", things)
    address = UnixAddress(str(tmp_path / "s"))
    async with (
        listening(app, address, drain_s=0),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(address.path)) as session,
    ):
        yield session


async def test_requests_are_counted_by_route_method_and_the_code_that_was_answered(
    session: aiohttp.ClientSession,
) -> None:
    for method, path in (
        ("GET", "/things/a"),
        ("GET", "/things/b"),
        ("GET", "/things/away"),
        ("GET", "/things/wrong"),
        ("DELETE", "/things/a"),
        ("GET", "/nothing"),
        ("GET", "/nothing/else"),
        ("PROPFIND", "/folder"),
    ):
        async with session.request(method, URL + path):
            pass
    page = await Figures.scraped(session, URL)
    assert page.of("catenary_http_requests_total", "method", "route", "code") == {
        ("GET", "/things/{name}", "200"): 2,
        ("GET", "/things/{name}", "503"): 1,
        ("GET", "/things/{name}", "500"): 1,
        ("DELETE", "none", "405"): 1,
        ("GET", "none", "404"): 2,
        ("other", "none", "404"): 1,
    }
    assert page("catenary_http_request_duration_seconds_count", method="GET", route="/things/{name}") == 4
    again = await Figures.scraped(session, URL)
    assert again("catenary_http_requests_total", route="/metrics", code="200") == 1


async def test_a_request_that_waits_for_a_change_is_counted_and_not_timed(session: aiohttp.ClientSession) -> None:
    async with session.get(f"{URL}/things/a?wait=10"):
        pass
    page = await Figures.scraped(session, URL)
    assert page("catenary_http_requests_total", route="/things/{name}", code="200") == 1
    assert page("catenary_http_request_duration_seconds_count", route="/things/{name}") is None


async def test_a_client_that_leaves_before_the_answer_is_counted_as_that(
    session: aiohttp.ClientSession, begun: asyncio.Event
) -> None:
    leaving = asyncio.create_task(session.get(f"{URL}/things/slow").__aenter__())
    await begun.wait()
    leaving.cancel()

    async def counted() -> bool:
        page = await Figures.scraped(session, URL)
        return page("catenary_http_requests_total", route="/things/{name}", code="499") == 1

    await until(counted, "the request that was left")
