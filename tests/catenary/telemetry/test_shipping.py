"""Spans leave the process, or are dropped; whatever the collector does, nobody waits and nothing grows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from aiohttp import web
from mesh import until
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from catenary.address import TcpAddress, free_port
from catenary.http import application, listening
from catenary.telemetry import shipping
from catenary.telemetry.shipping import Collector, Shipping
from catenary.telemetry.zipkin import zipkin_json

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@contextlib.asynccontextmanager
async def answering(handler: Handler, port: int = 0) -> AsyncIterator[str]:
    """A collector's URL; `handler` is asked for each batch."""
    app = application(max_body_bytes=1 << 20)
    app.router.add_post("/spans", handler)
    address = TcpAddress("127.0.0.1", port or free_port())
    async with listening(app, address, drain_s=0):
        yield f"http://{address}"


def ship(url: str, *, waiting_spans: int = 100, quiet_s: float = 0.0) -> Shipping:
    collector = Collector(url, "/spans", zipkin_json)
    return Shipping(collector, waiting_spans=waiting_spans, quiet_s=quiet_s)


def end_spans(to: Shipping, count: int, name: str = "s") -> None:
    provider = TracerProvider(sampler=ALWAYS_ON, shutdown_on_exit=False)
    provider.add_span_processor(to)
    tracer = provider.get_tracer("test")
    for _ in range(count):
        tracer.start_span(name).end()


async def all_dropped(to: Shipping, count: int) -> None:
    async def dropped() -> bool:
        return to.dropped == count

    await until(dropped, f"{count} spans dropped, not {to.dropped}")


async def end(to: Shipping) -> None:
    to.stop()
    assert await asyncio.to_thread(to.wait, 10)


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == shipping.__name__]


@pytest.fixture(autouse=True)
def _log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)


async def test_what_waits_at_the_stop_is_sent(caplog: pytest.LogCaptureFixture) -> None:
    taken = 0

    async def take(request: web.Request) -> web.Response:
        nonlocal taken
        taken += len(await request.json())
        return web.Response(status=202)

    async with answering(take) as url:
        to = ship(url, waiting_spans=1_000)
        end_spans(to, 3 * shipping.BATCH_SPANS + 1)
        await end(to)
    assert (taken, to.dropped) == (3 * shipping.BATCH_SPANS + 1, 0)
    assert said(caplog) == []


async def test_a_collector_that_is_away_is_told_of_once_when_it_begins_and_once_when_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    came = asyncio.Event()

    async def take(_: web.Request) -> web.Response:
        came.set()
        return web.Response(status=202)

    port = free_port()
    to = ship(f"http://127.0.0.1:{port}")
    for batch in (1, 2):
        end_spans(to, 10)
        await all_dropped(to, 10 * batch)
    assert len(said(caplog)) == 1
    assert f"cannot be sent to http://127.0.0.1:{port}: ConnectionRefusedError" in said(caplog)[0]
    async with answering(take, port):
        end_spans(to, 1)
        await came.wait()
        await end(to)
    assert said(caplog)[1:] == [f"spans are sent to http://127.0.0.1:{port} again; 20 have been dropped so far"]


@pytest.mark.parametrize("status", [302, 400, 429, 500])
async def test_what_the_collector_refuses_is_dropped_and_counted(status: int, caplog: pytest.LogCaptureFixture) -> None:
    asked = 0

    async def refuse(_: web.Request) -> web.Response:
        nonlocal asked
        asked += 1
        return web.Response(status=status, text="no " * 1_000, headers={"location": "/elsewhere"})

    async with answering(refuse) as url:
        to = ship(url)
        end_spans(to, 10)
        await all_dropped(to, 10)
        await end(to)
    assert asked == 1
    assert len(said(caplog)) == 1
    assert f"it answers {status}: no no" in said(caplog)[0]
    assert len(said(caplog)[0]) < 500


async def test_while_the_collector_hangs_spans_wait_up_to_a_bound_and_the_end_does_not_wait_for_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "TIMEOUT_S", 20.0)
    asked, let_go = asyncio.Event(), asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        asked.set()
        await let_go.wait()
        return web.Response(status=202)

    async with answering(hang) as url:
        to = ship(url, waiting_spans=100)
        end_spans(to, 10)
        await asked.wait()
        end_spans(to, 5_000)
        assert to.dropped == 5_000 - 100
        to.stop()
        assert not to.wait(0.05)
        let_go.set()
        assert await asyncio.to_thread(to.wait, 10)
    assert to.dropped == 5_000 - 100
    assert len(said(caplog)) == 2
    assert "they come faster than it takes them" in said(caplog)[0]


async def test_a_collector_that_does_not_answer_in_time_has_had_its_chance(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shipping, "TIMEOUT_S", 0.1)
    let_go = asyncio.Event()

    async def hang(_: web.Request) -> web.Response:
        await let_go.wait()
        return web.Response(status=202)

    async with answering(hang) as url:
        to = ship(url)
        end_spans(to, 10)
        await all_dropped(to, 10)
        let_go.set()
        await end(to)
    assert "TimeoutError" in said(caplog)[0]


async def test_a_span_that_cannot_be_written_takes_nobody_with_it_but_its_batch() -> None:
    taken: list[str] = []

    async def take(request: web.Request) -> web.Response:
        taken.extend(span["name"] for span in await request.json())
        return web.Response(status=202)

    async with answering(take) as url:
        to = ship(url)
        end_spans(to, 1, "\udcff")
        await all_dropped(to, 1)
        end_spans(to, 1, "next")
        await end(to)
    assert taken == ["next"]
