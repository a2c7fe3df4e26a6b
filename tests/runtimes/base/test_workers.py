from __future__ import annotations

import asyncio
import threading

import pytest

from catenary import logs
from catenary.errors import DeadlineExceeded, MalformedRequest, Overloaded
from runtimes.base.deadline import Deadline
from runtimes.base.workers import Workers

NEVER = Deadline(None)


@pytest.fixture
async def gate():
    """What the blocked work of a test waits for."""
    gate = threading.Event()
    yield gate
    gate.set()


@pytest.fixture
async def workers():
    """One thread, one place to wait."""
    workers = Workers(threads=1, waiting=1)
    yield workers
    workers.close()


async def started(workers: Workers, gate: threading.Event) -> asyncio.Task[bool]:
    """Work that keeps the thread busy until the gate opens, once it has begun."""
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def work() -> bool:
        loop.call_soon_threadsafe(begun.set)
        return gate.wait()

    task = asyncio.create_task(workers.run(work, NEVER))
    await begun.wait()
    return task


async def waiting(workers: Workers, work, deadline: Deadline = NEVER) -> asyncio.Task:
    task = asyncio.create_task(workers.run(work, deadline))
    await asyncio.sleep(0)
    return task


async def test_work_runs_off_the_loop_with_the_callers_context(workers):
    logs.model.set("m")
    assert await workers.run(lambda: (logs.model.get(), threading.current_thread().name), NEVER) == ("m", "predict_0")


async def test_what_work_raises_reaches_the_caller(workers):
    with pytest.raises(ZeroDivisionError):
        await workers.run(lambda: 1 // 0, NEVER)
    with pytest.raises(TimeoutError, match="its own"):
        await workers.run(lambda: (_ for _ in ()).throw(TimeoutError("its own")), Deadline(60))


async def test_more_than_may_wait_is_shed_and_the_rest_is_done(workers, gate):
    first = await started(workers, gate)
    second = await waiting(workers, lambda: "second")
    with pytest.raises(Overloaded):
        await workers.run(lambda: "third", Deadline(20))
    gate.set()
    assert (await first, await second) == (True, "second")
    assert await workers.run(lambda: "fourth", NEVER) == "fourth"


async def test_work_whose_time_is_over_before_it_begins_never_runs(workers, gate):
    first = await started(workers, gate)
    ran = []
    with pytest.raises(DeadlineExceeded) as caught:
        await workers.run(lambda: ran.append(1), Deadline(0.01))
    assert caught.value.timeout_s == 0.01
    gate.set()
    await first
    await workers.run(lambda: None, NEVER)
    assert ran == []


async def test_a_deadline_that_is_over_already_runs_nothing(workers):
    ran = []
    with pytest.raises(DeadlineExceeded):
        await workers.run(lambda: ran.append(1), Deadline(0))
    await workers.run(lambda: None, NEVER)
    assert ran == []


async def test_work_under_way_keeps_its_thread_when_its_caller_has_gone(workers, gate):
    first = await started(workers, gate)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = await waiting(workers, lambda: "second")
    with pytest.raises(Overloaded):
        await workers.run(lambda: "third", Deadline(20))
    gate.set()
    assert await second == "second"


async def test_a_caller_that_leaves_the_queue_makes_room(workers, gate):
    first = await started(workers, gate)
    ran = []
    second = await waiting(workers, lambda: ran.append("second"))
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    third = await waiting(workers, lambda: "third")
    gate.set()
    assert (await first, await third, ran) == (True, "third", [])


def test_a_deadline_is_whole_milliseconds():
    assert Deadline.from_header("1500").timeout_s == 1.5
    assert Deadline.from_header("9" * 12).timeout_s == 999_999_999.999
    assert Deadline.from_header(None).left_s() is None
    for text in ("", "soon", "-1", "1.5", "²", "1\n", "9" * 13, "9" * 400, "9" * 5000):
        with pytest.raises(MalformedRequest, match="x-catenary-timeout-ms"):
            Deadline.from_header(text)
