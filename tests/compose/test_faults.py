"""What is killed and restarted while requests run through the stack, and what that costs them: nothing."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from containers import GATEWAY, MANAGER, PATIENCE_S, REQUEST, SECOND_GATEWAY, ZIPKIN, Stack
from load import Load

ROWS = json.loads(REQUEST.read_text())
PIPELINE = {"name": "faults", "chain": ["serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark"]}
PATH = "/api/v1/serve/faults"
SETTLE_ANSWERS = 200
"""So many answers are waited for before and after each fault."""


pytestmark = [pytest.mark.compose, pytest.mark.asyncio(loop_scope="module")]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def scaled(stack: Stack, http: aiohttp.ClientSession) -> AsyncIterator[Stack]:
    """Three custom-scikit and two localml-spark behind a pipeline that all are ready for; one of each afterwards."""
    await asyncio.to_thread(stack.up, "--no-recreate", "--scale=custom-scikit=3", "--scale=localml-spark=2")
    async with http.post(f"{MANAGER}/api/v1/pipelines", json=PIPELINE) as answer:
        assert answer.status in (200, 201), await answer.text()
    await until(lambda: serves(http, "serving-customscikit", 3), "three instances of custom-scikit")
    await until(lambda: serves(http, "serving-localml-spark", 2), "two instances of localml-spark")
    yield stack
    one_of_each = (f"--scale={service}=1" for service in ("custom-scikit", "localml-spark"))
    await asyncio.to_thread(stack.up, "--no-recreate", *one_of_each)


async def until(reached: Callable[[], Awaitable[bool]], what: str) -> None:
    end = asyncio.get_running_loop().time() + PATIENCE_S
    while not await reached():
        assert asyncio.get_running_loop().time() < end, f"not within {PATIENCE_S} s: {what}"
        await asyncio.sleep(0.2)


async def ask(http: aiohttp.ClientSession, url: str) -> tuple[int, Any]:
    """Status and JSON; 0 where nobody answers."""
    try:
        async with http.get(url, timeout=aiohttp.ClientTimeout(total=3)) as answer:
            return answer.status, await answer.json(content_type=None)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        return 0, None


async def serves(http: aiohttp.ClientSession, service: str, instances: int) -> bool:
    status, runtimes = await ask(http, f"{MANAGER}/api/v1/runtimes")
    return status == 200 and any(r["service"] == service and len(r["instances"]) == instances for r in runtimes)


async def health(http: aiohttp.ClientSession) -> str:
    status, document = await ask(http, f"{MANAGER}/health")
    return document["status"] if status == 200 else "away"


def right(rows: Any) -> bool:
    return [row["predictionLabel"] for row in rows] == ["no", "yes"]


def load(*gateways: str) -> Load:
    return Load([gateway + PATH for gateway in gateways], ROWS, right=right)


def report(stack: Stack, what: str, load: Load) -> None:
    stack.figure(f"requests lost while {what}", f"{len(load.failures)} of {load.answered + len(load.failures)}")
    assert load.failures == []


async def test_three_instances_share_the_requests_evenly(scaled: Stack, http: aiohttp.ClientSession) -> None:
    traces = []
    for _ in range(60):
        async with http.post(GATEWAY + PATH, json=ROWS) as answer:
            assert answer.status == 200
            traces.append(answer.headers["x-trace-id"])
    counts: Counter[str] = Counter()

    async def all_are_told() -> bool:
        counts.clear()
        for trace in traces:
            _, spans = await ask(http, f"{ZIPKIN}/api/v2/trace/{trace}")
            # A sidecar tells which one it is.
            of_service = (s for s in spans or () if s["localEndpoint"]["serviceName"] == "serving-customscikit")
            counts.update(s["tags"]["node_id"] for s in of_service if "node_id" in s.get("tags", ()))
        return counts.total() == len(traces)

    await until(all_are_told, "a span of custom-scikit in every trace")
    assert len(counts) == 3
    assert min(counts.values()) >= 10


async def test_an_instance_that_is_killed_costs_no_request_and_comes_back(
    scaled: Stack, http: aiohttp.ClientSession
) -> None:
    victim = scaled.containers("custom-scikit")[0]
    before = scaled.inspect(victim)["RestartCount"]
    async with load(GATEWAY) as running:
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.crash, victim)
        await running.answers(SETTLE_ANSWERS)
        await until(lambda: serves(http, "serving-customscikit", 3), "the killed instance is back")
        await running.answers(SETTLE_ANSWERS)
    assert scaled.inspect(victim)["RestartCount"] == before + 1
    report(scaled, "an instance is killed (kill -9) and comes back", running)


async def test_an_instance_that_is_stopped_leaves_in_order(scaled: Stack, http: aiohttp.ClientSession) -> None:
    victim = scaled.containers("localml-spark")[0]
    async with load(GATEWAY) as running:
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.docker, "stop", victim)
        assert await serves(http, "serving-localml-spark", 1)
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.docker, "start", victim)
        await until(lambda: serves(http, "serving-localml-spark", 2), "the stopped instance is back")
        await running.answers(SETTLE_ANSWERS)
    report(scaled, "an instance is stopped and started", running)


async def test_while_consul_is_killed_and_away_requests_go_on_and_writes_say_so(
    scaled: Stack, http: aiohttp.ClientSession
) -> None:
    (consul,) = scaled.containers("consul")

    async def is_(state: str) -> bool:
        return await health(http) == state

    async with load(GATEWAY) as running:
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.docker, "kill", consul)
        await until(lambda: is_("degraded"), "the manager says that Consul is gone")
        async with http.put(f"{MANAGER}/api/v1/pipelines", json={**PIPELINE, "name": "later"}) as refused:
            assert refused.status == 503
            assert int(refused.headers["retry-after"]) >= 1
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.docker, "start", consul)
        await until(lambda: is_("ok"), "the manager says that Consul is back")
        await running.answers(SETTLE_ANSWERS)
        async with http.put(f"{MANAGER}/api/v1/pipelines", json={**PIPELINE, "name": "later"}) as taken:
            assert taken.status == 201
        async with http.delete(f"{MANAGER}/api/v1/pipelines/later") as deleted:
            assert deleted.status == 200
        await running.answers(10 * SETTLE_ANSWERS)
    assert await serves(http, "serving-customscikit", 3)
    report(scaled, "Consul is killed, away, and back", running)


async def test_a_manager_that_crashes_costs_no_request_and_knows_everything_again(
    scaled: Stack, http: aiohttp.ClientSession
) -> None:
    (manager,) = scaled.containers("manager")

    async def knows() -> bool:
        status, pipelines = await ask(http, f"{MANAGER}/api/v1/pipelines")
        return status == 200 and [p["state"] for p in pipelines if p["name"] == "faults"] == ["ready"]

    async with load(GATEWAY) as running:
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.crash, manager)
        await running.answers(SETTLE_ANSWERS)
        await until(knows, "the manager is back, with the pipeline ready")
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.docker, "restart", manager)
        await until(knows, "the manager is back, with the pipeline ready")
        await running.answers(SETTLE_ANSWERS)
    report(scaled, "the manager crashes and is restarted", running)


async def test_zipkin_that_is_killed_costs_no_request(scaled: Stack) -> None:
    (zipkin,) = scaled.containers("zipkin")
    async with load(GATEWAY) as running:
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.docker, "kill", zipkin)
        await running.answers(2 * SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.docker, "start", zipkin)
        await running.answers(SETTLE_ANSWERS)
    report(scaled, "Zipkin is killed, away, and back", running)


async def test_one_of_two_gateways_may_be_killed_and_restarted(scaled: Stack, http: aiohttp.ClientSession) -> None:
    await asyncio.to_thread(scaled.up, "--scale=gateway=2", "gateway", CATENARY_GATEWAY_PORT="8083-8084")
    first, second = scaled.containers("gateway")

    async def both_answer() -> bool:
        return [(await ask(http, f"{gateway}/health"))[0] for gateway in (GATEWAY, SECOND_GATEWAY)] == [200, 200]

    async with load(GATEWAY, SECOND_GATEWAY) as running:
        await running.answers(SETTLE_ANSWERS)
        await asyncio.to_thread(scaled.crash, first)
        await running.answers(SETTLE_ANSWERS)
        await until(both_answer, "the killed gateway is back")
        await asyncio.to_thread(scaled.docker, "restart", second)
        await running.answers(SETTLE_ANSWERS)
    report(
        scaled,
        f"one of two gateways is killed, then the other restarted ({running.moves.total()} asked again)",
        running,
    )


async def test_a_single_gateway_that_is_restarted_is_back_in_seconds(
    scaled: Stack, http: aiohttp.ClientSession
) -> None:
    await asyncio.to_thread(scaled.up, "--scale=gateway=1", "gateway")
    (gateway,) = scaled.containers("gateway")
    async with load(GATEWAY) as running:
        await running.answers(SETTLE_ANSWERS)
        begun = asyncio.get_running_loop().time()
        await asyncio.to_thread(scaled.docker, "restart", gateway)
        await running.answers(SETTLE_ANSWERS)
        took = asyncio.get_running_loop().time() - begun
    scaled.figure(
        "the only gateway is restarted",
        f"{took:.1f} s until requests are answered again; {len(running.failures)} refused meanwhile",
    )
    assert took < PATIENCE_S / 2
    assert {failure.status for failure in running.failures} <= {0}, "no answer is a wrong one"
