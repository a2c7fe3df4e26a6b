"""A pipeline's limits in a real Envoy: counted to the request, and what is over them is 429 before any work is done."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientSession, TCPConnector, web
from mesh import Mesh, until

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

NEVER = 0.001
"""Requests a second: so slow that during a test a bucket gets nothing back."""


class Gate:
    """A step that answers at once, or, while it is shut, not before it opens."""

    def __init__(self) -> None:
        self.calls = 0
        self.under_way = 0
        self.opened = asyncio.Event()

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.calls += 1
        self.under_way += 1
        try:
            await self.opened.wait()
        finally:
            self.under_way -= 1
        return web.json_response([{}])

    async def until_under_way(self, count: int) -> None:
        async def reached() -> bool:
            return self.under_way == count

        await until(reached, f"{count} requests under way")


GATE = Gate()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh() as mesh:
        await mesh.step("first", GATE.answer)
        await mesh.step("second", GATE.answer)
        yield mesh


@pytest.fixture(autouse=True)
def _fresh() -> None:
    GATE.calls = 0
    GATE.opened.set()


async def ask(mesh: Mesh, pipeline: str = "p", *, session: ClientSession | None = None, **headers: str) -> int:
    """The status of one request; what a 429 says is checked."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with (session or mesh.session).post(mesh.serve_url(pipeline), json=[{}], headers=sent) as answer:
        body = await answer.read()
        if answer.status == 429:
            document = json.loads(body)
            assert int(answer.headers["retry-after"]) >= 1
            assert answer.headers["content-type"] == names.PROBLEM_TYPE
            assert (document["status"], document["pipeline"]) == (429, pipeline)
            assert document["type"] in ("urn:catenary:rate-limited", "urn:catenary:overloaded")
            assert document["error"] == document["detail"]
            assert f"try again in {answer.headers['retry-after']} s" in document["detail"]
            assert document["request_id"] == answer.headers[names.REQUEST_ID]
            assert names.LOCAL_REPLY not in answer.headers
        else:
            assert answer.status == 200, body
        return answer.status


async def passed(mesh: Mesh, count: int, **how: Any) -> int:
    """How many of `count` requests, all at once, are served."""
    return (await asyncio.gather(*(ask(mesh, **how) for _ in range(count)))).count(200)


@pytest.mark.parametrize("chain", [["first/m"], ["first/m", "second/m"]])
async def test_what_is_over_a_pipelines_rate_is_refused_before_any_step_is_called(mesh: Mesh, chain: list[str]) -> None:
    await mesh.pipeline("p", *chain, limits={"requests_per_s": NEVER, "burst": 20})
    assert await passed(mesh, 60) == 20
    assert GATE.calls == 20 * len(chain)


async def test_without_a_burst_a_second_of_requests_may_come_at_once(mesh: Mesh) -> None:
    await mesh.pipeline("p", "first/m", limits={"requests_per_s": NEVER})
    assert await passed(mesh, 3) == 1
    await mesh.pipeline("p", "first/m", limits={"requests_per_s": 1_000})
    assert await passed(mesh, 500) == 500


async def test_requests_come_back_at_the_pipelines_rate(mesh: Mesh) -> None:
    await mesh.pipeline("p", "first/m", limits={"requests_per_s": 4, "burst": 2})
    start = asyncio.get_running_loop().time()
    served = 0

    async def eight_are_served() -> bool:
        nonlocal served
        served += await ask(mesh) == 200
        return served == 8

    await until(eight_are_served, "eight requests are served")
    # Two at once, and six more at four a second.
    assert asyncio.get_running_loop().time() - start >= 1.49


@pytest.mark.parametrize(("requests_per_s", "seconds"), [(0.3, "4"), (1, "1"), (10, "1")])
async def test_retry_after_is_when_there_is_another(mesh: Mesh, requests_per_s: float, seconds: str) -> None:
    limits = {"requests_per_s": requests_per_s, "burst": 1, "per_client": {"requests_per_s": 1_000, "burst": 1_000}}
    await mesh.pipeline("p", "first/m", limits=limits)
    # So many that some are refused.
    answers = await asyncio.gather(*(mesh.session.post(mesh.serve_url("p"), json=[]) for _ in range(200)))
    assert {answer.headers["retry-after"] for answer in answers if answer.status == 429} == {seconds}


async def test_pipelines_do_not_share_their_limits(mesh: Mesh) -> None:
    limits = {"requests_per_s": NEVER, "burst": 2, "concurrent_requests": 50, "per_client": {"requests_per_s": 500}}
    await mesh.pipeline("other", "first/m", limits=limits)
    await mesh.pipeline("unlimited", "first/m")
    await mesh.pipeline("p", "first/m", limits=limits)
    assert await passed(mesh, 10) == 2
    assert await passed(mesh, 10, pipeline="other") == 2
    assert await passed(mesh, 100, pipeline="unlimited") == 100


async def test_limits_change_and_go(mesh: Mesh) -> None:
    for limits, served in [({"requests_per_s": NEVER, "burst": 3}, 3), ({"requests_per_s": NEVER}, 1), (None, 10)]:
        made = await mesh.pipeline("p", "first/m", limits=limits)
        assert made.get("limits") == limits
        assert await passed(mesh, 10) == served


async def test_each_address_is_a_client_whatever_it_says_of_itself(mesh: Mesh) -> None:
    await mesh.pipeline("p", "first/m", limits={"per_client": {"requests_per_s": NEVER, "burst": 2}})
    assert await passed(mesh, 5) == 2
    for header in ("x_forwarded_for", "x_real_ip", "x_envoy_external_address", "forwarded"):
        assert await ask(mesh, **{header: "10.1.2.3"}) == 429
    async with ClientSession(connector=TCPConnector(local_addr=("127.0.0.2", 0))) as session:
        assert await passed(mesh, 5, session=session) == 2


async def test_a_header_tells_clients_apart_and_who_has_none_is_known_by_the_address(mesh: Mesh) -> None:
    limit = {"requests_per_s": NEVER, "burst": 2, "header": "X-Api-Key"}
    await mesh.pipeline("p", "first/m", limits={"per_client": limit})
    for key in ("a", "b", "127.0.0.1"):
        assert await passed(mesh, 5, x_api_key=key) == 2
    assert await passed(mesh, 5) == 2
    assert await passed(mesh, 5, x_api_key="") == 0
    async with ClientSession(connector=TCPConnector(local_addr=("127.0.0.2", 0))) as session:
        assert await ask(mesh, session=session, x_api_key="a") == 429
        assert await passed(mesh, 5, session=session) == 2


async def test_what_a_greedy_client_is_refused_is_left_to_the_others(mesh: Mesh) -> None:
    client = {"requests_per_s": NEVER, "burst": 2, "header": "x-api-key"}
    await mesh.pipeline("p", "first/m", limits={"requests_per_s": NEVER, "burst": 5, "per_client": client})
    assert await passed(mesh, 50, x_api_key="greedy") == 2
    assert await passed(mesh, 2, x_api_key="a") == 2
    assert await passed(mesh, 2, x_api_key="b") == 1


@pytest.mark.parametrize("chain", [["first/m"], ["first/m", "second/m"]])
async def test_no_more_requests_are_under_way_than_may_be(mesh: Mesh, chain: list[str]) -> None:
    await mesh.pipeline("p", *chain, limits={"concurrent_requests": 4})
    for _ in range(3):  # Every place is free again afterwards.
        GATE.opened.clear()
        GATE.calls = 0
        requests = [asyncio.create_task(ask(mesh)) for _ in range(40)]

        async def the_rest_is_refused(requests: list[asyncio.Task[int]] = requests) -> bool:
            return sum(request.done() for request in requests) == 36

        await until(the_rest_is_refused, "36 of 40 requests are refused")
        await GATE.until_under_way(4)
        GATE.opened.set()
        assert sorted(await asyncio.gather(*requests)) == [200] * 4 + [429] * 36
        assert GATE.calls == 4 * len(chain)


async def test_a_client_that_leaves_gives_its_place_back(mesh: Mesh) -> None:
    await mesh.pipeline("p", "first/m", limits={"concurrent_requests": 2})
    GATE.opened.clear()
    for _ in range(3):
        requests = [asyncio.create_task(ask(mesh)) for _ in range(2)]
        await GATE.until_under_way(2)
        assert await ask(mesh) == 429
        for request in requests:
            request.cancel()
        await GATE.until_under_way(0)
