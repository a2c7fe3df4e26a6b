"""Gateways and instances that are asked to end under load, and started again: nothing that was asked is lost."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import pytest
from load import Load

from catenary import names
from catenary.sidecar.admin import LAST_CALL_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

CLIENTS = 16
SETTLE = 50


async def test_a_gateway_that_is_asked_to_end_finishes_what_it_has_and_takes_no_more(
    edge: Any, supervise: Any, answers: Any, figure: Any
) -> None:
    world = edge.world
    instance = await supervise()
    leaving = await supervise([sys.executable, "-m", "gateway"], role="gateway")
    await asyncio.gather(instance.until_in(), leaving.until_in())
    (gateway,) = [i["address"] for i in await leaving.instances() if i["version"] == leaving.name]
    # So slow that there is always something under way.
    instance.say(delay_s=0.2)
    await world.pipeline("served", f"{instance.service}/model")
    await world.pipeline("held", f"{instance.service}/hold")
    urls = [f"{url}{names.SERVE_PATH}/served" for url in (f"http://{gateway}", edge.url)]
    async with Load(urls, [{"x": 1}], right=answers.right, clients=CLIENTS) as load, asyncio.TaskGroup() as group:
        await load.answers(SETTLE)
        held = group.create_task(world.text("POST", f"http://{gateway}{names.SERVE_PATH}/held"))
        await instance.until_asked("/hold")
        begun = time.monotonic()
        leaving.terminate()
        await load.moved(CLIENTS // 2)
        refused_s = time.monotonic() - begun
        await load.answers(SETTLE)
        assert not held.done()
        await instance.release()
        assert await held == "held"
        assert await leaving.ended() == 0
    figure("a gateway is asked to end", load, refused_s=refused_s, moves=dict(load.moves))
    assert load.failures == []
    # Nothing that was asked has been lost: clients went elsewhere because they were refused.
    assert set(load.moves) == {"ClientConnectorError"}
    assert refused_s < 2 * LAST_CALL_S


async def test_a_rolling_restart_of_a_whole_chain_loses_no_request(
    edge: Any, supervise: Any, answers: Any, figure: Any
) -> None:
    async def start(service: str) -> Any:
        instance = await supervise(service=service)
        await instance.until_in()
        return instance

    async def restart(service: str, instances: list[Any]) -> list[Any]:
        started = []
        for instance in instances:
            instance.terminate()
            assert await instance.ended() == 0
            started.append(await start(service))
            await answers.until_by(started[-1], SETTLE)
        return started

    services = ["serving-first", "serving-last"]
    first = await asyncio.gather(*map(start, 2 * services))
    before = [first[0::2], first[1::2]]
    # Without retries, which would hide what is lost.
    chain = [{"service": service, "model": "model", "retries": 0} for service in services]
    async with await edge.load(chain, answers=answers) as load:
        await load.answers(SETTLE)
        after = await asyncio.gather(*map(restart, services, before))
        for instance in after[0] + after[1]:
            await answers.until_by(instance, SETTLE)
    figure("a rolling restart of a chain, without retries", load)
    assert load.failures == []
