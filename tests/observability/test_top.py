"""`catenary top` over a real stack: what was asked is what it shows."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import pty
import signal
import subprocess
import sys
import time
from typing import Self

import pytest
from local_stack import LocalStack, until
from mesh import Mesh
from watched_stack import CHAIN, PIPELINES, Load, url

from catenary.cli.mesh_reader import MeshReader, View
from catenary.cli.traffic import PipelineTraffic
from catenary.client import Client

LOAD_S = 3.0
"""An Envoy adds to its histograms once a second."""


@pytest.fixture(scope="module")
def seen(stack: LocalStack) -> tuple[View, Load]:
    return asyncio.run(_seen(stack))


async def _seen(stack: LocalStack) -> tuple[View, Load]:
    """What is seen of some rounds of load, and what they were answered."""
    async with Load(stack) as load:
        # Runtimes have counted each pipeline before, so that only these rounds are new.
        await load.round()
        load.statuses.clear()
        mesh = await asyncio.to_thread(MeshReader(Client(url(stack, "manager"))).__enter__)
        end = time.monotonic() + LOAD_S
        while time.monotonic() < end:
            await load.round()
        view = await asyncio.to_thread(mesh.view)
        mesh.__exit__()
    return view, load


def of(view: View, name: str) -> PipelineTraffic:
    return next(pipeline for pipeline in view.pipelines if pipeline.name == name)


def gateways_s(view: View, load: Load) -> float:
    """How long lay between the two readings of the gateway: on a busy machine not what lay between those of all."""
    between_s = load.statuses.total() / sum(pipeline.traffic.requests_per_s for pipeline in view.pipelines)
    assert between_s == pytest.approx(view.interval_s, rel=0.5)
    return between_s


def test_every_instance_is_read_but_one_that_has_no_metrics(seen: tuple[View, Load]) -> None:
    assert seen[0].unread == {"serving-lost-1": "it has not said where its metrics are"}


@pytest.mark.parametrize("name", [pipeline["name"] for pipeline in PIPELINES])
def test_requests_are_counted_by_pipeline_and_status(seen: tuple[View, Load], name: str) -> None:
    view, load = seen
    between_s = gateways_s(view, load)
    counted = {int(code): rate * between_s for code, rate in of(view, name).traffic.codes.items() if rate}
    assert counted == pytest.approx({s: n for (p, s), n in load.statuses.items() if p == name}, rel=0.05)


def test_the_chains_steps_have_rates_latencies_and_instances(seen: tuple[View, Load]) -> None:
    view, load = seen
    chain = of(view, "endpointML")
    assert [f"{step.service}/{step.model}" for step in chain.steps] == CHAIN
    for step in chain.steps:
        figures = step.document()
        assert figures["instances"] == 1
        assert figures["requests_per_s"] * view.interval_s == pytest.approx(load.statuses["endpointML", 200], rel=0.5)
        assert 0 < figures["p50_s"] <= figures["p99_s"] < 60
    figures = chain.document()
    assert 0 < figures["p50_s"] <= figures["p99_s"] < 60


def test_what_was_given_up_stands_at_the_step_where_it_was(seen: tuple[View, Load]) -> None:
    view, load = seen
    (lost,) = of(view, "lost").steps
    assert set(lost.traffic.worst_failures()) == {"unreachable"}
    (shaky,) = of(view, "shaky").steps
    assert shaky.traffic.worst_failures() == {}
    assert shaky.retries_per_s * gateways_s(view, load) == pytest.approx(load.statuses["shaky", 200], rel=0.05)
    (flowers,) = of(view, "flowers").steps
    assert set(flowers.traffic.worst_failures()) == {"rejected"}
    assert set(of(view, "limited").traffic.worst_failures()) == {"limited"}


def test_once_it_is_a_document_or_a_table(stack: LocalStack) -> None:
    said = stack.run("top", "--once", "--interval", "1", "--json")
    assert said.returncode == 0, said.stderr
    assert {found["name"] for found in json.loads(said.stdout)["pipelines"]} == {wanted["name"] for wanted in PIPELINES}
    table = stack.run("top", "--once", "--interval", "1").stdout
    assert "2 serving-localml-spark/pm_spark" in table
    assert "5 pipelines; " in table
    assert "--once prints one table" in stack.run("top").stderr.splitlines()[-1]


class Terminal:
    """A context: `catenary top` in a terminal of its own."""

    def __init__(self, *words: str) -> None:
        self._screen, theirs = pty.openpty()
        command = [sys.executable, "-m", "catenary", "top", "--interval", "1", *words]
        environment = os.environ | {"TERM": "xterm", "LINES": "40", "COLUMNS": "120"}
        self._process = subprocess.Popen(
            command,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=environment,
            # Where these tests run in the background, their children would ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )
        os.close(theirs)
        os.set_blocking(self._screen, False)
        self.drawn = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._screen)

    def until_shows(self, text: str) -> None:
        def shows() -> bool:
            # Nothing new, or nobody at the other end any more.
            with contextlib.suppress(OSError):
                self.drawn += os.read(self._screen, 1 << 16).decode(errors="replace")
            return text in self.drawn

        until(shows, f"{text!r} in {self.drawn[-3000:]}")

    def interrupted(self) -> int:
        """Ctrl-C; the exit status."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(30)


def test_an_interrupt_ends_it_and_gives_the_terminal_back(stack: LocalStack) -> None:
    with Terminal("--manager", url(stack, "manager")) as terminal:
        terminal.until_shows("endpointML")
        assert terminal.interrupted() == 0
        terminal.until_shows("\x1b[?1049l")
    assert "Traceback" not in terminal.drawn


async def test_a_manager_that_goes_away_is_said_and_survived() -> None:
    async with Mesh() as mesh:
        await mesh.pipeline("one", "serving-none/model")
        with Terminal("--manager", mesh.manager_url) as terminal:
            await asyncio.to_thread(terminal.until_shows, "serving-none/model")
            assert mesh.manager
            await mesh.manager.stop()
            await asyncio.to_thread(terminal.until_shows, "manager is not read")
            await mesh.start_manager()
            await mesh.pipeline("two", "serving-other/model")
            await asyncio.to_thread(terminal.until_shows, "serving-other/model")
            assert terminal.interrupted() == 0
