"""What the benchmarks make of what they measure, and what they refuse."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import web
from rounds import Fault, Figures, Measure, Variant, cpu_s, load


class Server:
    """Answers every request with `status`, and remembers what it was sent."""

    def __init__(self) -> None:
        self.status = 200
        self.bodies: list[bytes] = []
        self.url = ""

    async def answer(self, request: web.Request) -> web.Response:
        self.bodies.append(await request.read())
        return web.Response(status=self.status)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    server = Server()
    app = web.Application()
    app.router.add_post("/", server.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
    yield server
    await runner.cleanup()


@pytest.fixture
def body(tmp_path: Path) -> Path:
    file = tmp_path / "body"
    file.write_bytes(b'[{"x": 1}]')
    return file


@pytest.mark.usefixtures("wrk")
async def test_a_load_posts_the_body_and_counts_the_answers(server: Server, body: Path) -> None:
    done = await load(server.url, 1, 1, body)
    # One may have been under way when the time was up.
    assert len(server.bodies) - done.requests in (0, 1)
    assert set(server.bodies) == {b'[{"x": 1}]'}
    assert 0 < done.p50_ms <= done.p99_ms


@pytest.mark.usefixtures("wrk")
async def test_a_load_of_a_given_rate_keeps_to_it(server: Server, body: Path) -> None:
    done = await load(server.url, 2, 1, body, per_s=50)
    assert 30 <= done.per_s <= 55


@pytest.mark.usefixtures("wrk")
async def test_an_answer_that_is_an_error_ends_the_run(server: Server, body: Path) -> None:
    server.status = 503
    with pytest.raises(Fault, match="not every request"):
        await load(server.url, 1, 1, body)


@pytest.mark.usefixtures("wrk")
async def test_a_request_of_two_urls_is_a_call_of_each(server: Server, body: Path) -> None:
    figures = await Variant("both", [server.url] * 2, {"self": os.getpid()}).measure(2, 1, body)
    assert figures["requests/s"] == pytest.approx(len(server.bodies) / 2, rel=0.1)
    assert 0 < figures["self CPU, µs"] <= 1.1e6 / figures["requests/s"]


def test_cpu_time_is_that_of_the_process() -> None:
    before, spent = cpu_s(os.getpid()), time.process_time()
    while time.process_time() - spent < 0.1:
        pass
    assert 0.08 <= cpu_s(os.getpid()) - before <= 0.2


def test_a_table_shows_medians_with_the_least_and_the_greatest() -> None:
    figures = Figures("Title", "size", "way")
    for a, b in ((1.0, 200.0), (3.0, 300.0), (8.0, 100.0)):
        figures.add((1, "ours"), {"rate": a, "cpu": 7.0})
        figures.add((1, "other"), {"rate": b})
    figures.remarks.append(f"to the other: {figures.ratio('rate', (1, 'ours'), (1, 'other'))}")
    assert figures.markdown().splitlines() == [
        "**Title**",
        "",
        "| size | way | rate | cpu |",
        "|---|---|---:|---:|",
        "| 1 | ours | 3.00 (1.00–8.00) | 7.00 |",
        "| 1 | other | 200 (100–300) |  |",
        "",
        "- to the other: 0.01 (0.01–0.08)",
    ]


async def test_cases_take_turns() -> None:
    order: list[str] = []

    def measuring(name: str) -> Measure:
        async def measure() -> dict[str, float]:
            order.append(name)
            return {"n": len(order)}

        return measure

    await Figures("Turns", "case").measure(3, {("a",): measuring("a"), ("b",): measuring("b")})
    assert order == ["a", "b"] * 3
