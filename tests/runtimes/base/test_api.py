"""What a client of a runtime sees, good and bad."""

from __future__ import annotations

import asyncio
import logging

import pytest

from runtimes.custom.runtime import CustomRuntime

MODEL = """
import pathlib, time

from catenary.errors import InvalidInput

class Model:
    def predict(self, rows):
        for at, row in enumerate(rows):
            match row["do"]:
                case "raise":
                    raise KeyError("weights")
                case "refuse":
                    raise InvalidInput("too large", row=at, column="do")
                case "drop":
                    return []
                case "none":
                    return None
                case "numbers":
                    return [row, 1]
                case "odd":
                    return [{"a": object()}]
                case "exit":
                    raise SystemExit(3)
                case "touch":
                    pathlib.Path(row["path"]).touch()
                case "block":
                    while not pathlib.Path(row["gate"]).exists():
                        time.sleep(0.005)
        return [row | {"answer": float(row.get("x", "nan"))} for row in rows]

def load(path):
    return Model()
"""


@pytest.fixture
async def client(shop, run_runtime):
    shop.put_custom("m", MODEL, inputs=["do"], outputs=["answer"])
    async with run_runtime(CustomRuntime(), shop, threads=1, waiting=0, body_bytes=10_000) as client:
        await client.model("m", state="ready")
        yield client


@pytest.mark.parametrize(
    ("do", "status", "sentence"),
    [
        ("raise", 500, "model 'm' failed: KeyError: 'weights'"),
        ("refuse", 422, "too large"),
        ("drop", 500, "it answered 0 rows to 1"),
        ("none", 500, "it answered NoneType, not a list of rows"),
        ("numbers", 500, "row 1 of its answer is int, not a dict of columns and values"),
        ("odd", 500, "its answer is not JSON: "),
        ("exit", 500, "model 'm' failed: SystemExit: 3"),
    ],
)
async def test_a_failing_prediction_says_whose_fault_it_is(client, caplog, do, status, sentence):
    answered, problem = await client.post("m", [{"do": do}])
    assert answered == status
    assert sentence in problem["detail"]
    assert problem["error"] == problem["detail"]
    assert "Traceback" not in str(problem)
    assert len([r for r in caplog.records if r.levelno >= logging.WARNING and sentence in r.getMessage()]) == (
        status == 500
    )
    assert (await client.post("m", [{"do": "go"}]))[0] == 200


async def test_a_missing_column_is_a_422_that_names_it(client):
    status, problem = await client.post("m", [{"do": "go"}, {"x": 1}])
    assert (status, problem["row"], problem["column"]) == (422, 1, "do")
    status, problem = await client.post("m", [{"x": 1}])
    assert (status, "row" in problem, problem["column"]) == (422, False, "do")


async def test_a_body_that_is_not_rows_is_a_400(client):
    assert (await client.post("m", body=b"{not json"))[0] == 400
    assert (await client.post("m", body=b"[1]"))[0] == 400


async def test_a_body_over_the_limit_is_a_413(client):
    status, problem = await client.post("m", [{"do": "x" * 10_000}])
    assert (status, problem["limit_bytes"]) == (413, 10_000)


async def test_a_wrong_method_is_a_405(client):
    async with client.session.put(f"{client.url}/m") as response:
        assert response.status == 405
        assert "POST" in response.headers["allow"]


@pytest.mark.parametrize("text", ["soon", "9" * 400])
async def test_a_deadline_that_is_no_number_of_milliseconds_is_a_400(client, text):
    status, problem = await client.post("m", [{"do": "go"}], timeout_ms=text)
    assert (status, problem["type"]) == (400, "urn:catenary:malformed-request")
    assert "x-catenary-timeout-ms" in problem["detail"]


async def test_nan_is_answered_as_its_name(client):
    assert await client.post("m", [{"do": "go", "n": None}]) == (200, [{"do": "go", "n": None, "answer": "NaN"}])


async def test_over_its_deadline_a_prediction_is_a_504_and_over_the_queue_a_429(client, tmp_path):
    gate = tmp_path / "gate"
    try:
        status, problem = await client.post("m", [{"do": "block", "gate": str(gate)}], timeout_ms=50)
        assert (status, problem["timeout_s"]) == (504, 0.05)
        # The thread is still at it, and none may wait.
        status, problem = await client.post("m", [{"do": "go"}])
        assert (status, problem["retry_after_s"]) == (429, 1)
        assert (await client.get("health"))[0] == 200
    finally:
        gate.touch()


async def test_a_client_that_leaves_takes_its_waiting_prediction_along(shop, run_runtime, tmp_path):
    gate, ran = tmp_path / "gate", tmp_path / "ran"
    shop.put_custom("m", MODEL, inputs=["do"], outputs=["answer"])
    async with run_runtime(CustomRuntime(), shop, threads=1, waiting=1) as client:
        await client.model("m", state="ready")
        try:
            assert (await client.post("m", [{"do": "block", "gate": str(gate)}], timeout_ms=50))[0] == 504

            async def ask() -> None:
                while (await client.post("m", [{"do": "touch", "path": str(ran)}]))[0] == 429:
                    pass

            leaving = asyncio.create_task(ask())
            async with asyncio.timeout(20):
                while (await client.post("m", [{"do": "go"}], timeout_ms=20))[0] != 429:
                    pass  # It is not in the only place in the queue yet.
            leaving.cancel()
            async with asyncio.timeout(20):
                while (await client.post("m", [{"do": "go"}], timeout_ms=20))[0] == 429:
                    pass  # It has not left yet.
        finally:
            gate.touch()
        assert (await client.post("m", [{"do": "go"}]))[0] == 200
        assert not ran.exists()


async def test_each_caller_gets_its_own_rows(shop, run_runtime):
    shop.put_custom("m", MODEL, inputs=["do"], outputs=["answer"])
    async with run_runtime(CustomRuntime(), shop, threads=4) as client:
        await client.model("m", state="ready")

        async def ask(number: int) -> None:
            if number % 7 == 0:
                status, problem = await client.post("m", [{"do": "refuse", "x": number}])
                assert (status, problem["detail"]) == (422, "too large")
                return
            rows = [{"do": "go", "x": number + at} for at in range(number % 5)]
            assert await client.post("m", rows) == (200, [row | {"answer": row["x"]} for row in rows])

        async with asyncio.TaskGroup() as tasks:
            for number in range(100):
                tasks.create_task(ask(number))


@pytest.mark.parametrize("depth", [300, 1_000])
async def test_rows_that_are_nested_too_deeply_to_be_answered_are_the_callers_fault(client, depth):
    body = b'[{"do": "nothing", "beside": ' + b"[" * depth + b"]" * depth + b"}]"
    status, document = await client.post("m", body=body)
    assert status == 400
    assert "nested too deeply" in document["error"]
