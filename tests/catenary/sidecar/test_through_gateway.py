"""Instances that come and go behind a gateway that is supervised too, under load."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest
from mesh import until

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_no_request_is_lost_when_an_instance_stops(world: Any, supervise: Any) -> None:
    gateway = await supervise([sys.executable, "-m", "gateway"], role="gateway")
    first = await supervise()
    second = await supervise(service=first.service)
    edge = (await gateway.until_registered())["address"]

    async def are_both_there() -> bool:
        return len(await first.instances()) == 2

    await until(are_both_there, f"two instances registered; {first.log} {second.log}")
    # Without retries, which would hide what is lost.
    pipeline = {"name": "mine", "chain": [{"service": first.service, "model": "model", "retries": 0}]}
    async with world.http.post(world.manager_url + names.PIPELINES_PATH, json=pipeline) as answer:
        assert answer.status == 201

    statuses: list[int] = []
    stop = asyncio.Event()

    async def post() -> None:
        while not stop.is_set():
            async with world.http.post(f"http://{edge}{names.SERVE_PATH}/mine", json=[{"x": 1}]) as answer:
                await answer.read()
                statuses.append(answer.status)

    async def is_under_load() -> bool:
        return len(statuses) >= 100

    async with asyncio.TaskGroup() as clients:
        for _ in range(4):
            clients.create_task(post())
        await until(is_under_load, "100 requests served")
        first.terminate()
        assert await first.ended() == 0
        stop.set()
    assert set(statuses) == {200}
