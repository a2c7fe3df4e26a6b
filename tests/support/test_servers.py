"""What the tests' own servers promise to the tests that use them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import aiohttp
import pytest
from servers import ConsulAgent, ZipkinServer


async def put(consul: ConsulAgent, key: str, value: str) -> int:
    async with consul.request("PUT", f"/v1/kv/{key}", data=value) as answer:
        return int(answer.status)


async def get(consul: ConsulAgent, key: str, **options: object) -> str:
    async with consul.request("GET", f"/v1/kv/{key}?raw", **options) as answer:
        return str(await answer.text())


async def test_what_consul_stores_outlives_a_kill_and_stays_at_its_address(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul") as consul:
        assert await put(consul, "key", "value") == 200
        await consul.kill()
        with pytest.raises(aiohttp.ClientConnectionError):
            await get(consul, "key")
        await consul.start()
        assert await get(consul, "key") == "value"


async def test_a_frozen_consul_accepts_and_does_not_answer_until_it_thaws(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul") as consul:
        await put(consul, "key", "value")
        consul.freeze()
        with pytest.raises(TimeoutError):
            await get(consul, "key", timeout=aiohttp.ClientTimeout(total=0.3, sock_connect=0.2))
        consul.thaw()
        assert await get(consul, "key") == "value"


async def test_a_frozen_consul_can_be_stopped(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul") as consul:
        consul.freeze()


async def test_without_its_token_a_consul_with_acls_refuses(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul", acl=True) as consul:
        assert await put(consul, "key", "value") == 200
        consul.token = ""
        assert await put(consul, "key", "other") == 403


async def test_a_consul_with_tls_is_known_by_its_own_ca_only(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul", tls=True) as consul:
        assert await put(consul, "key", "value") == 200
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorCertificateError):
                await session.get(f"{consul.url}/v1/status/leader")


async def test_two_consuls_do_not_know_each_other(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "one") as one, ConsulAgent(tmp_path / "two") as two:
        await put(one, "key", "value")
        assert await get(two, "key") == ""


async def test_zipkin_gives_back_a_trace_that_it_was_sent(tmp_path: Path) -> None:
    span = {"traceId": "a" * 32, "id": "b" * 16, "name": "step", "timestamp": int(time.time() * 1e6), "duration": 7}
    async with ZipkinServer(tmp_path / "zipkin") as zipkin:
        waiting = asyncio.create_task(zipkin.trace(span["traceId"]))
        async with aiohttp.ClientSession() as session, session.post(f"{zipkin.url}/api/v2/spans", json=[span]) as sent:
            assert sent.status == 202
        [stored] = await waiting
        assert stored["name"] == "step"
