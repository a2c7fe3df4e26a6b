"""What a runtime has counted after a known load."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from figures import Figures
from mesh import until

from catenary import errors
from catenary.metrics import Metrics
from runtimes.base.caller import Caller
from runtimes.base.metrics import RuntimeMetrics, outcome_of
from runtimes.base.progress import Progress
from runtimes.custom.runtime import CustomRuntime

MODEL = """
import pathlib, time

from catenary.errors import InvalidInput

class Model:
    def predict(self, rows):
        match rows[0]["do"]:
            case "raise":
                raise KeyError("weights")
            case "refuse":
                raise InvalidInput("too large", row=0, column="do")
            case "drop":
                return []
            case "block":
                while not pathlib.Path(rows[0]["gate"]).exists():
                    time.sleep(0.005)
        return rows

def load(path):
    return Model()
"""

CHAIN = {"x-catenary-pipeline": "p", "x-catenary-step": "2"}


async def ask(client: Any, model: str, do: str, rows: int = 1, timeout_ms: int | None = None, **row: str) -> int:
    headers = CHAIN | ({} if timeout_ms is None else {"x-catenary-timeout-ms": str(timeout_ms)})
    async with client.session.post(f"{client.url}/{model}", json=[{"do": do, **row}] * rows, headers=headers) as answer:
        return int(answer.status)


async def figures(client: Any) -> Figures:
    return await Figures.scraped(client.session, client.url)


async def test_after_a_known_load_every_request_is_counted_once(shop, run_runtime, tmp_path) -> None:
    shop.put_custom("m", MODEL, inputs=["do"], outputs=[])
    shop.put_custom("sick", "import no_such_package", inputs=[], outputs=[])
    gate = tmp_path / "gate"
    async with run_runtime(CustomRuntime(), shop, threads=1, waiting=1) as client:
        version = (await client.model("m", state="ready"))["version"]
        await client.model("sick", state="broken")
        for rows in (1, 1, 3, 1_000):
            assert await ask(client, "m", "go", rows) == 200
        assert (await client.post("m", []))[0] == 200
        assert (await client.post("m", [{"x": 1}]))[0] == 422
        for do, status in (("raise", 500), ("refuse", 422), ("drop", 500)):
            assert await ask(client, "m", do) == status
        assert await ask(client, "no-such", "go") == 404
        assert await ask(client, "sick", "go") == 500

        blocked = asyncio.create_task(ask(client, "m", "block", gate=str(gate)))
        await until(lambda: reached(client, running=1), "one runs")
        leaving = asyncio.create_task(ask(client, "m", "go"))
        await until(lambda: reached(client, running=1, waiting=1), "one waits")
        assert await ask(client, "m", "go") == 429
        leaving.cancel()
        await until(lambda: reached(client, running=1, waiting=0), "it has left")
        assert await ask(client, "m", "go", timeout_ms=20) == 504
        gate.touch()
        assert await blocked == 200
        await until(lambda: reached(client, running=0), "it has ended")

        page = await figures(client)
    assert page.of("catenary_model_requests_total", "pipeline", "step", "model", "version", "outcome") == {
        ("p", "2", "m", version, "ok"): 5,
        ("", "", "m", version, "ok"): 1,
        ("", "", "m", version, "invalid"): 1,
        ("p", "2", "m", version, "invalid"): 1,
        ("p", "2", "m", version, "failed"): 2,
        ("p", "2", "m", version, "overloaded"): 1,
        ("p", "2", "m", version, "cancelled"): 1,
        ("p", "2", "m", version, "deadline"): 1,
        ("p", "2", "", "", "unknown_model"): 1,
        ("p", "2", "sick", "", "failed"): 1,
    }
    assert page.of("catenary_model_rows_total", "pipeline", "step", "model", "version") == {
        ("p", "2", "m", version): 1_006
    }
    # Rows that are refused before, and none at all, are no call of predict.
    assert page("catenary_model_predict_duration_seconds_count", model="m", version=version) == 8
    assert page("catenary_model_predict_duration_seconds_sum", model="m") > 0
    assert page("catenary_model_batch_rows_count", model="m", version=version) == 8
    assert page("catenary_model_batch_rows_sum", model="m") == 1_009
    buckets = page.of("catenary_model_batch_rows_bucket", "model", "le")
    assert [buckets["m", le] for le in ("1.0", "2.0", "5.0", "500.0", "1000.0", "+Inf")] == [6, 6, 7, 7, 8, 8]
    # All that had a version and were not shed.
    assert page("catenary_model_queue_duration_seconds_count", model="m") == 12
    assert page.of("catenary_model_loads_total", "model", "outcome") == {
        ("m", "ok"): 1,
        ("m", "broken"): 0,
        ("m", "unavailable"): 0,
        ("sick", "ok"): 0,
        ("sick", "broken"): 1,
        ("sick", "unavailable"): 0,
    }
    assert page("catenary_model_load_duration_seconds_count", model="m") == 1
    assert page("catenary_model_load_duration_seconds_count", model="sick") is None
    assert page.of("catenary_models", "state") == {("ready",): 1, ("loading",): 0, ("broken",): 1}
    assert page.of("catenary_model_info", "model", "version") == {("m", version): 1}
    assert page("catenary_predictions_threads") == 1
    assert page("catenary_predictions_waiting_limit") == 1
    assert page("catenary_build_info", process="serving-customscikit") == 1


def is_ready(model: dict[str, Any]) -> bool:
    return model["name"] == "m" and model["state"] == "ready"


async def reached(client: Any, **numbers: int) -> bool:
    page = await figures(client)
    return all(page(f"catenary_predictions_{name}") == number for name, number in numbers.items())


async def test_the_series_of_what_is_gone_go(shop, run_runtime) -> None:
    for name in ("m", "stays"):
        shop.put_custom(name, MODEL, inputs=["do"], outputs=[])
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model("stays", state="ready")
        versions: list[str] = []
        for at in range(3):
            if at:
                shop.put_custom("m", f"{MODEL}\n# {at}", inputs=["do"], outputs=[])
            health = await client.until(
                lambda h: is_ready(h["models"][0]) and h["models"][0]["version"] not in versions
            )
            versions.append(health["models"][0]["version"])
            for name in ("m", "stays"):
                assert await ask(client, name, "go") == 200
        page = await figures(client)
        assert page.of("catenary_model_info", "model", "version").keys() >= {("m", versions[2])}
        # The version before the one that is served keeps its series, so that its last counts are scraped.
        assert {v for m, v in page.of("catenary_model_requests_total", "model", "version") if m == "m"} == {
            versions[1],
            versions[2],
        }
        shop.remove("custom/m")
        await client.until(lambda h: [m["name"] for m in h["models"]] == ["stays"])
        page = await figures(client)
    said = {s.labels["model"] for f in page.families.values() for s in f.samples if "model" in s.labels}
    assert said == {"stays"}
    assert page("catenary_model_requests_total", model="stays", outcome="ok") == 3


async def test_a_request_that_outlives_its_model_brings_no_series_back() -> None:
    metrics = RuntimeMetrics(Metrics("test"))
    metrics.expected("m")
    metrics.served("m", "1")
    progress = Progress("m", Caller("p", "1"))
    with metrics.request(progress) as request:
        request.waits(progress.stage("queue"))
        request.predicted(3, 0.1)
        metrics.gone("m")
    assert [s for f in metrics.metrics.registry.collect() for s in f.samples if "model" in s.labels] == []


async def test_over_a_thousand_callers_further_ones_count_together() -> None:
    metrics = RuntimeMetrics(Metrics("test"))
    metrics.expected("m")
    metrics.served("m", "1")
    for at in range(1_500):
        progress = Progress("m", Caller(f"p{at}", "1"))
        with metrics.request(progress) as request:
            request.waits(progress.stage("queue"))
            request.predicted(2, 0.1)
    (requests,) = (f for f in metrics.metrics.registry.collect() if f.name == "catenary_model_requests")
    (rows,) = (f for f in metrics.metrics.registry.collect() if f.name == "catenary_model_rows")
    assert (len(requests.samples), len(rows.samples)) == (1_001, 1_001)
    other = [s.value for f in (requests, rows) for s in f.samples if s.labels["pipeline"] == "other"]
    assert other == [500, 1_000]


@pytest.mark.parametrize(
    ("pipeline", "step", "caller"),
    [
        ("p", "1", Caller("p", "1")),
        ("p", "64", Caller("p", "64")),
        ("p q", "1", Caller("", "1")),
        ("x" * 129, "0", Caller("", "")),
        ("p", "100", Caller("p", "")),
        ("", "", Caller()),
    ],
)
def test_a_caller_is_what_can_be_one(pipeline: str, step: str, caller: Caller) -> None:
    assert Caller.from_headers(pipeline, step) == caller


def test_every_error_has_an_outcome() -> None:
    assert {
        outcome_of(errors.MalformedRequest("")),
        outcome_of(errors.InvalidInput("")),
        outcome_of(errors.TooLarge(1)),
    } == {"invalid"}
    assert outcome_of(errors.NotFound("model", "m")) == "unknown_model"
    assert outcome_of(errors.PredictionFailed("m", "")) == outcome_of(errors.ModelBroken("m", "")) == "failed"
    assert outcome_of(errors.Unavailable("")) == "unavailable"
    assert outcome_of(errors.Overloaded("")) == "overloaded"
    assert outcome_of(errors.DeadlineExceeded("", 1)) == "deadline"
    assert outcome_of(asyncio.CancelledError()) == "cancelled"
    assert outcome_of(KeyError()) == "failed"


@pytest.mark.parametrize("name", ["metrics", "health", "metadata"])
async def test_a_model_may_have_the_name_of_a_page(shop, run_runtime, name: str) -> None:
    shop.put_custom(name, MODEL, inputs=["do"], outputs=[])
    async with run_runtime(CustomRuntime(), shop) as client:
        await client.model(name, state="ready")
        assert await client.post(name, [{"do": "go"}]) == (200, [{"do": "go"}])
        assert [model["name"] for model in (await client.get("metadata"))[1]] == [name]
        page = await figures(client)
    assert page("catenary_model_requests_total", model=name, outcome="ok") == 1
