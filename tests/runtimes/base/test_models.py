"""What is served follows the repository: loading, switching, broken and deleted models, a repository that is away."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

import aiohttp

from catenary.messages import LoadedModel
from catenary.metrics import Metrics
from runtimes.base.cache import Cache
from runtimes.base.metrics import RuntimeMetrics
from runtimes.base.models import Models
from runtimes.base.repository import Repository
from runtimes.base.version import Loader
from runtimes.custom.runtime import CustomRuntime


def answering(value: object) -> str:
    """A model.py whose rows get `value` in the column `answer`."""
    return f"""
class Model:
    def predict(self, rows):
        return [row | {{"answer": {value!r}}} for row in rows]

def load(path):
    return Model()
"""


def gated(gate: Path, code: str) -> str:
    """A model.py that loads only when the file `gate` is there."""
    return f"""
import pathlib, time
while not pathlib.Path({str(gate)!r}).exists():
    time.sleep(0.005)
{code}
"""


def put(shop, name: str, code: str) -> None:
    shop.put_custom(name, code, inputs=["x"], outputs=["answer"])


async def test_a_model_dropped_in_is_served_within_a_second(shop, run_runtime):
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.ready()
        put(shop, "echo", answering(1))
        dropped = time.monotonic()
        await client.model("echo", state="ready")
        assert time.monotonic() - dropped < 1
        assert await client.post("echo", [{"x": 1, "y": [2]}]) == (200, [{"x": 1, "y": [2], "answer": 1}])
        assert await client.post("echo", {"x": 1}) == (200, [{"x": 1, "answer": 1}])
        assert await client.post("echo", []) == (200, [])


async def test_a_changed_model_is_switched_without_a_lost_request(shop, run_runtime):
    put(shop, "echo", answering("old"))
    async with run_runtime(CustomRuntime(), shop) as client:
        old = await client.model("echo", state="ready")
        answers: list[tuple[int, object]] = []
        switched = asyncio.Event()

        async def ask() -> None:
            while not switched.is_set():
                status, rows = await client.post("echo", [{"x": 1}])
                answers.append((status, rows[0]["answer"] if status == 200 else rows))

        async with asyncio.TaskGroup() as tasks:
            for _ in range(8):
                tasks.create_task(ask())
            put(shop, "echo", answering("new"))
            await client.until(lambda h: h["models"][0]["version"] != old["version"])
            switched.set()
        assert {status for status, _ in answers} == {200}
        assert {answer for _, answer in answers} == {"old", "new"}
        assert await client.post("echo", [{"x": 1}]) == (200, [{"x": 1, "answer": "new"}])


async def test_the_old_version_serves_while_the_new_one_loads(shop, run_runtime, tmp_path):
    put(shop, "echo", answering("old"))
    gate = tmp_path / "gate"
    async with run_runtime(CustomRuntime(), shop) as client:
        old = await client.model("echo", state="ready")
        put(shop, "echo", gated(gate, answering("new")))
        try:
            await client.until(lambda _: list((tmp_path / "cache/custom/echo").glob("[!.]*/"))[1:])
            assert (await client.post("echo", [{"x": 1}]))[1] == [{"x": 1, "answer": "old"}]
            assert (await client.model("echo"))["version"] == old["version"]
        finally:
            gate.touch()
        await client.until(lambda h: h["models"][0]["version"] != old["version"])
        assert (await client.post("echo", [{"x": 1}]))[1] == [{"x": 1, "answer": "new"}]


async def test_a_broken_version_leaves_the_old_one_in_place_and_says_why(shop, run_runtime):
    put(shop, "echo", answering("old"))
    async with run_runtime(CustomRuntime(), shop) as client:
        old = await client.model("echo", state="ready")
        put(shop, "echo", "import no_such_package")
        broken = await client.until(lambda h: "no_such_package, which is not installed" in h["models"][0]["reason"])
        assert broken["models"][0]["version"] == old["version"]
        assert broken["models"][0]["state"] == "ready"
        assert (await client.post("echo", [{"x": 1}]))[1] == [{"x": 1, "answer": "old"}]
        put(shop, "echo", answering("mended"))
        await client.until(lambda h: h["models"][0]["reason"] == "" and h["models"][0]["version"] != old["version"])
        assert (await client.post("echo", [{"x": 1}]))[1] == [{"x": 1, "answer": "mended"}]


async def test_once_the_index_goes_back_to_what_is_served_nothing_is_said_to_be_delayed(shop, tmp_path):
    put(shop, "echo", answering(1))
    async with aiohttp.ClientSession() as session:
        repository = Repository(shop.url, session)
        loader = Loader(CustomRuntime(), repository, Cache(tmp_path / "cache", repository), allow_code=True)
        models = Models("custom", frozenset(), loader, RuntimeMetrics(Metrics("test")))

        async def until(condition: Callable[[LoadedModel], bool]) -> None:
            async with asyncio.timeout(20):
                while True:
                    if condition(models.states()[0]):
                        return
                    await asyncio.sleep(0.01)

        async with asyncio.timeout(20):
            while True:
                served, _ = await repository.index()
                if served and served[0].state == "ready":
                    break
        models.follow(served)
        await until(lambda state: state.state == "ready")
        models.follow((served[0].model_copy(update={"version": "gone"}),))
        await until(lambda state: "is changing" in state.reason)
        models.follow(served)
        await until(lambda state: state.reason == "")
        await models.close()
        loader.close()


async def test_a_model_that_the_repository_finds_broken_keeps_serving(shop, run_runtime):
    put(shop, "echo", answering("old"))
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model("echo", state="ready")
        shop.put("custom/echo", {"model.py": "def ("})
        await client.until(lambda h: "newer version cannot be served" in h["models"][0]["reason"])
        assert (await client.post("echo", [{"x": 1}]))[1] == [{"x": 1, "answer": "old"}]


async def test_a_model_that_cannot_be_loaded_is_a_500_with_the_reason(shop, run_runtime):
    put(shop, "echo", "def load(path):\n    raise OSError('no weights')")
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model("echo", state="broken")
        status, problem = await client.post("echo", [{"x": 1}])
        assert status == 500
        assert problem["model"] == "echo"
        assert "model.py, line 2 failed: OSError: no weights" in problem["detail"]


async def test_a_deleted_model_goes_and_may_come_back(shop, run_runtime, tmp_path):
    put(shop, "echo", answering(1))
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model("echo", state="ready")
        shop.remove("custom/echo")
        await client.until(lambda h: not h["models"])
        assert (await client.post("echo", [{"x": 1}]))[0] == 404
        put(shop, "echo", answering(2))
        await client.model("echo", state="ready")
        assert (await client.post("echo", [{"x": 1}]))[1] == [{"x": 1, "answer": 2}]


async def test_an_unknown_model_is_a_404_with_the_names_that_are_near(shop, run_runtime):
    put(shop, "pm_scikit", answering(1))
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model("pm_scikit", state="ready")
        status, problem = await client.post("pm_sci", [{"x": 1}])
        assert (status, problem["near"]) == (404, ["pm_scikit"])
        assert (await client.get("pm_sci"))[0] == 404


async def test_only_the_models_that_the_settings_name_are_served(shop, run_runtime):
    put(shop, "one", answering(1))
    put(shop, "two", answering(2))
    async with run_runtime(CustomRuntime(), shop, model_name="two, three") as client:
        await client.model("two", state="ready")
        assert [model["name"] for model in (await client.ready())["models"]] == ["two"]
        assert (await client.post("one", [{"x": 1}]))[0] == 404


async def test_a_request_waits_for_a_model_that_is_being_loaded(shop, run_runtime, tmp_path):
    gate = tmp_path / "gate"
    async with run_runtime(CustomRuntime(), shop) as client:
        put(shop, "slow", gated(gate, answering(1)))
        try:
            await client.model("slow", state="loading")
            status, problem = await client.post("slow", [{"x": 1}], timeout_ms=50)
            assert (status, problem["retry_after_s"]) == (503, 1)
            waiting = asyncio.create_task(client.post("slow", [{"x": 1}]))
            await asyncio.sleep(0)
        finally:
            gate.touch()
        assert await waiting == (200, [{"x": 1, "answer": 1}])


async def test_health_says_what_a_new_instance_waits_for(shop, run_runtime):
    put(shop, "echo", answering(1))
    await shop.close()
    async with run_runtime(CustomRuntime(), shop) as client:
        health = await client.until(lambda h: "Connect" in h["waiting_for"])
        assert health["status"] == "starting"
        assert shop.url in health["waiting_for"]
        assert (await client.get("health"))[0] == 503
        assert (await client.get("health/live"))[0] == 200
        assert (await client.post("echo", [{"x": 1}]))[0] == 503
        await shop.open()
        await client.ready()
        assert (await client.get("health"))[0] == 200
        assert (await client.post("echo", [{"x": 1}]))[0] == 200


async def test_while_the_repository_is_away_what_is_loaded_serves_on(shop, run_runtime, caplog):
    put(shop, "echo", answering(1))
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model("echo", state="ready")
        with caplog.at_level(logging.INFO):
            await shop.close()
            assert (await client.post("echo", [{"x": 1}]))[0] == 200
            assert (await client.post("other", [{"x": 1}]))[0] == 404
            assert (await client.get("health"))[0] == 200
            put(shop, "later", answering(2))
            await shop.open()
            # The index is looked at for this request, not when the watch looks again.
            assert (await client.post("later", [{"x": 1}]))[0] == 200
            await client.until(lambda _: any("repository is back" in r.message for r in caplog.records))
        away = [r for r in caplog.records if "repository is away" in r.message]
        back = [r for r in caplog.records if "repository is back" in r.message]
        assert (len(away), len(back)) == (1, 1)


async def test_code_is_loaded_with_a_warning_or_not_at_all(shop, run_runtime, caplog):
    put(shop, "echo", answering(1))
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model("echo", state="ready")
    assert len([r for r in caplog.records if "runs code of its own" in r.message]) == 1
    async with run_runtime(CustomRuntime(), shop, allow_code=False) as client:
        await client.model("echo", state="broken")
        status, problem = await client.post("echo", [{"x": 1}])
        assert status == 500
        assert "model.py runs code of its own, which CATENARY_ALLOW_CODE=false forbids" in problem["detail"]


async def test_metadata_describes_what_is_served(shop, run_runtime):
    put(shop, "echo", answering(1))
    async with run_runtime(CustomRuntime(), shop) as client:
        version = (await client.model("echo", state="ready"))["version"]
        description = {
            "name": "echo",
            "runtime": "custom",
            "version": version,
            "inputs": ["x"],
            "outputs": ["answer"],
            "schema": {},
        }
        assert await client.get("metadata") == (200, [description])
        assert await client.get("echo") == (200, description)
