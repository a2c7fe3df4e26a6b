"""What befalls an instance under load: with another one no request fails, alone each failure names the step."""

from __future__ import annotations

import asyncio
import itertools
import signal
import time
from collections.abc import Sequence
from typing import Any

import pytest
from mesh import until

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

SIGNALS = {"is-killed": signal.SIGKILL, "is-asked-to-end": signal.SIGTERM, "is-frozen": signal.SIGSTOP}
PROCESS_FAULTS = [(process, what) for process in ("app", "envoy", "supervisor") for what in SIGNALS]
PROCESS_FAULTS.remove(("supervisor", "is-frozen"))  # For the registry that is what kill -9 is: it does not renew.
WRONG_ANSWERS = ["503", "close", "garbage"]
SETTLE = 100
"""So many answers are waited for before and after each fault."""
OUT_S = 8.0
RESET_S = 15.0
"""An Envoy that stands still is given up after 4 s, an app after 7 s; twice that is enough."""
DEADLINE_MS = 2_500
LATE_S = 1.5
"""So much later than the deadline an answer may be seen by a client on a busy machine."""


async def pair(supervise: Any) -> tuple[Any, Any]:
    """Two instances of a service of their own."""
    other = await supervise()
    victim = await supervise(service=other.service)
    await asyncio.gather(other.until_in(), victim.until_in())
    return other, victim


@pytest.mark.parametrize(("process", "what"), PROCESS_FAULTS)
async def test_with_another_instance_no_request_fails(
    edge: Any, supervise: Any, answers: Any, figure: Any, process: str, what: str
) -> None:
    other, victim = await pair(supervise)
    async with await edge.load([f"{other.service}/model"] * 2, answers=answers) as load:
        await answers.until_by(victim, SETTLE)
        victim.signal(process, SIGNALS[what])
        out_s = await victim.until_out()
        await answers.until_by(other, SETTLE)
        if what == "is-frozen":
            assert await victim.ended() == 1
            assert "the app has answered nothing for 4 s: killing it" in victim.log
        begun = time.monotonic()
        again = await supervise(service=other.service)
        await answers.until_by(again)
        in_s = time.monotonic() - begun
    figure(f"{process} {what}", load, out_s=out_s, in_s=in_s)
    assert load.failures == []
    assert load.slowest_s < RESET_S
    assert out_s < OUT_S
    assert in_s < 2 * OUT_S


@pytest.mark.parametrize("wrong", WRONG_ANSWERS)
async def test_an_instance_that_answers_wrongly_is_held_back_at_once(
    edge: Any, supervise: Any, answers: Any, figure: Any, wrong: str
) -> None:
    other, victim = await pair(supervise)
    async with await edge.load([f"{other.service}/model"] * 2, answers=answers) as load:
        await answers.until_by(victim, SETTLE)
        asked = len(victim.asked("/model"))
        victim.say(answers=wrong)
        begun = time.monotonic()
        await answers.until_by(other, 5 * SETTLE)
        took_s = time.monotonic() - begun
        wrong_answers = len(victim.asked("/model")) - asked
        victim.say()
    figure(f"the app answers {wrong}", load, wrong_answers=wrong_answers)
    assert load.failures == []
    assert await victim.is_in(), "its own health check passes all the time"
    # Five in a row and what is under way by then put it out, anew each time that it comes back.
    assert wrong_answers <= 12 * (1 + took_s / 2)


async def test_an_instance_that_comes_and_goes_is_held_back_longer_each_time(
    edge: Any, supervise: Any, answers: Any, figure: Any
) -> None:
    other, victim = await pair(supervise)
    async with await edge.load([f"{other.service}/model"], answers=answers, clients=2) as load:
        await answers.until_by(victim, SETTLE)
        victim.say(answers="503")
        begun = time.monotonic()

        def pauses() -> Sequence[float]:
            times = [when for when in victim.asked("/model") if when > begun]
            return [after - before for before, after in itertools.pairwise(times) if after - before > 1]

        async def was_held_back() -> bool:
            return len(pauses()) == 2

        await until(was_held_back, "it has been held back twice")
    first, second = pauses()
    figure("the app answers 503 whenever it is asked", load, held_back_s=[round(first, 1), round(second, 1)])
    assert load.failures == []
    assert first > 1.5
    assert second > first + 1


async def test_an_app_that_answers_its_health_and_nothing_else_is_held_back(
    edge: Any, supervise: Any, answers: Any, figure: Any
) -> None:
    """A slow model is not a dead one: what waits for it waits until its deadline, and is not asked again elsewhere."""
    other, victim = await pair(supervise)
    deadline = {names.TIMEOUT_MS: "1000"}
    async with await edge.load([f"{other.service}/model"], answers=answers, headers=deadline) as load:
        await answers.until_by(victim, SETTLE)
        victim.say(answers="nothing")
        await load.failed(3)
        await answers.until_by(other, 2 * SETTLE)
        victim.say()
        await answers.until_by(victim)
    figure("the app answers its health and nothing else", load, failures=len(load.failures))
    for failure in load.failures:
        assert failure.status == 504
        assert failure.document["service"] == other.service
        assert failure.took_s < 1 + LATE_S
        assert failure.content_type == names.PROBLEM_TYPE
    # Five in a row put it out: two for each client, and perhaps again for each when it is let in for a try.
    assert len(load.failures) <= 16


ALONE = [("app", "is-killed"), ("app", "is-frozen"), ("envoy", "is-frozen"), ("supervisor", "is-asked-to-end")]
ALONE += [("app", wrong) for wrong in WRONG_ANSWERS]


@pytest.mark.parametrize(("process", "what"), ALONE)
async def test_alone_each_failure_is_a_document_that_names_the_step_within_the_deadline(
    edge: Any, supervise: Any, well: Any, answers: Any, figure: Any, process: str, what: str
) -> None:
    victim = await supervise()
    await victim.until_in()
    step = f"{victim.service}/model"
    chains = [[step, f"{well.service}/model"], [f"{well.service}/model", step]]
    async with await edge.load(*chains, answers=answers, headers={names.TIMEOUT_MS: str(DEADLINE_MS)}) as load:
        await load.answers(SETTLE)
        if what in SIGNALS:
            victim.signal(process, SIGNALS[what])
        else:
            victim.say(answers=what)
        await load.failed(6 if what == "is-frozen" else SETTLE)
    positions = {failure.document["step"] for failure in load.failures}
    statuses = {failure.status for failure in load.failures}
    slowest_s = max(failure.took_s for failure in load.failures)
    figure(f"alone: {process} {what}", load, statuses=statuses, slowest_failure_s=round(slowest_s, 1))
    assert positions == {1, 2}
    assert statuses <= {502, 503, 504}
    for failure in load.failures:
        assert failure.content_type == names.PROBLEM_TYPE
        document = failure.document
        assert f"{document['service']}/{document['model']}" == step
        assert chains[document["step"] - 1][document["step"] - 1] == step
        assert document["status"] == failure.status
    assert slowest_s < DEADLINE_MS / 1000 + LATE_S
