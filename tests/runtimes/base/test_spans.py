"""What a runtime tells of a request, as the server has it that its spans go to."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import secrets
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from figures import Figures
from mesh import until
from trace_api import TraceApi
from trace_api import serving as collecting
from yarl import URL

from catenary import names
from catenary.address import free_port
from manager.traces.kept import KeptTraces
from manager.traces.store import TraceStore
from runtimes.base.models import Models
from runtimes.custom.runtime import CustomRuntime

MODEL = """
import pathlib, time

class Model:
    def predict(self, rows):
        for row in rows:
            if row["do"] == "raise":
                raise KeyError("weights")
            if row["do"] == "odd":
                return [{"a": object()}]
            if row["do"] == "block":
                pathlib.Path(row["begun"]).touch()
                while not pathlib.Path(row["gate"]).exists():
                    time.sleep(0.005)
        return rows

def load(path):
    GATE
    return Model()
"""
GO = [{"do": "go"}, {"do": "go"}]
STAGES = ["queue", "decode", "predict", "serialise"]
SPAN = "00f067aa0ba902b7"
MOST_BYTES = 10_000


@pytest.fixture
async def kept() -> AsyncIterator[TraceApi]:
    async with collecting(KeptTraces(TraceStore(100))) as api:
        yield api


@pytest.fixture
async def client(shop, run_runtime, kept):
    shop.put_custom("m", MODEL.replace("GATE", ""), inputs=["do"], outputs=[])
    settings = {"threads": 1, "zipkin": kept.url, "service": "serving-mine", "instance": "serving-mine-1"}
    settings["body_bytes"] = MOST_BYTES
    async with run_runtime(CustomRuntime(), shop, **settings) as client:
        await client.model("m", state="ready")
        yield client


async def ask(client, rows: Any, *, model: str = "m", **headers: str) -> tuple[int, str]:
    """The answer's status, and the id of the trace, which is kept."""
    trace = secrets.token_hex(16)
    sent = {"traceparent": f"00-{trace}-{SPAN}-01"} | {name.replace("_", "-"): text for name, text in headers.items()}
    body = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    async with client.session.post(f"{client.url}/{model}", data=body, headers=sent) as answer:
        await answer.read()
        return answer.status, trace


async def told(kept: TraceApi, trace: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The runtime's own span, and those of its stages, in the order of their beginnings."""
    spans: list[dict[str, Any]] = []

    async def there() -> bool:
        nonlocal spans
        status, answer = await kept.get(f"trace/{trace}")
        spans = answer if status == 200 else []
        return bool(spans)

    await until(there, f"trace {trace}")
    (whole,) = (span for span in spans if span.get("kind") == "SERVER")
    stages = sorted((span for span in spans if span is not whole), key=lambda span: span["timestamp"])
    assert whole["parentId"] == SPAN
    for stage in stages:
        assert stage["parentId"] == whole["id"]
        assert whole["timestamp"] <= stage["timestamp"]
        assert stage["timestamp"] + stage["duration"] <= whole["timestamp"] + whole["duration"] + 1
    return whole, stages


def error(span: dict[str, Any]) -> str:
    return span.get("tags", {}).get("error", "")


async def test_a_request_is_a_span_with_one_for_each_stage_one_after_another(client, kept) -> None:
    own = {names.PIPELINE: "flowers", names.STEP: "2", names.REQUEST_ID: "order-17"}
    status, trace = await ask(client, GO, **own)
    assert status == 200
    whole, stages = await told(kept, trace)
    assert whole["name"] == "m"
    assert whole["localEndpoint"] == {"serviceName": "serving-mine"}
    version = (await client.model("m"))["version"]
    assert whole["tags"] == {
        "pipeline": "flowers",
        "step": "2",
        "model": "m",
        "version": version,
        "runtime": "custom",
        "rows": "2",
        "request_id": "order-17",
        "http.status_code": "200",
    }
    assert [stage["name"] for stage in stages] == STAGES
    for before, after in itertools.pairwise(stages):
        assert before["timestamp"] + before["duration"] <= after["timestamp"] + 1
    assert {error(stage) for stage in stages} == {""}


async def test_a_request_without_rows_says_so_and_one_that_no_chain_made_names_none(client, kept) -> None:
    _, trace = await ask(client, [])
    whole, _ = await told(kept, trace)
    assert whole["tags"]["rows"] == "0"
    assert {"pipeline", "step", "request_id"} & whole["tags"].keys() == set()


@pytest.mark.parametrize(
    ("rows", "status", "failed", "sentence"),
    [
        (b"[{", 400, "decode", "the body is not JSON"),
        ([{"x": 1}], 422, "predict", "do"),
        ([{"do": "raise"}], 500, "predict", "model 'm' failed: KeyError: 'weights'"),
        ([{"do": "odd"}], 500, "serialise", "its answer is not JSON"),
    ],
)
async def test_a_failure_marks_the_request_and_the_stage_that_it_came_from(
    client, kept, rows, status, failed, sentence
) -> None:
    answered, trace = await ask(client, rows)
    assert answered == status
    whole, stages = await told(kept, trace)
    assert whole["tags"]["http.status_code"] == str(status)
    assert sentence in error(whole)
    assert [stage["name"] for stage in stages] == STAGES[: STAGES.index(failed) + 1]
    assert [error(stage) for stage in stages[:-1]] == [""] * (len(stages) - 1)
    assert error(stages[-1]) == error(whole)


@pytest.mark.parametrize(
    ("model", "headers", "status", "stages"),
    [
        ("n", {}, 404, ["load"]),
        ("m", {names.TIMEOUT_MS: "soon"}, 400, []),
        ("m", {"content_encoding": "gzip"}, 400, []),
        ("m", {"content_length": str(MOST_BYTES + 1)}, 413, []),
    ],
)
async def test_what_never_comes_to_a_prediction_is_told_of_too(client, kept, model, headers, status, stages) -> None:
    rows = b" " * int(headers.get("content_length", 0)) or GO
    answered, trace = await ask(client, rows, model=model, **headers)
    assert answered == status
    whole, parts = await told(kept, trace)
    assert error(whole)
    assert whole["tags"]["http.status_code"] == str(status)
    assert [stage["name"] for stage in parts] == stages


@contextlib.asynccontextmanager
async def busy(client, tmp_path: Path) -> AsyncIterator[tuple[str, asyncio.Task[tuple[int, str]]]]:
    """The only thread is at work for a request, until the block ends."""
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    rows = [{"do": "block", "begun": str(begun), "gate": str(gate)}]
    asking = asyncio.create_task(ask(client, rows, **{names.TIMEOUT_MS: "60000"}))

    async def has_begun() -> bool:
        return begun.exists()

    try:
        await until(has_begun, "the model is asked")
        yield str(gate), asking
    finally:
        gate.touch()
        await asyncio.gather(asking, return_exceptions=True)


async def test_a_wait_for_a_thread_is_the_queues_and_a_deadline_there_ends_it(client, kept, tmp_path) -> None:
    async with busy(client, tmp_path):
        status, trace = await ask(client, GO, **{names.TIMEOUT_MS: "50"})
        assert status == 504
        whole, stages = await told(kept, trace)
    assert [stage["name"] for stage in stages] == ["queue"]
    assert "0.05 s" in error(whole)
    assert error(stages[0]) == error(whole)
    assert whole["tags"]["http.status_code"] == "504"


async def test_a_caller_that_leaves_ends_the_spans_of_what_is_under_way(client, kept, tmp_path) -> None:
    trace = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace}-{SPAN}-01"}
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    rows = [{"do": "block", "begun": str(begun), "gate": str(gate)}]
    asking = asyncio.create_task(client.session.post(f"{client.url}/m", json=rows, headers=headers))

    async def has_begun() -> bool:
        return begun.exists()

    await until(has_begun, "the model is asked")
    asking.cancel()
    whole, stages = await told(kept, trace)
    gate.touch()
    assert [stage["name"] for stage in stages] == STAGES[:3]
    assert [error(stage) for stage in stages] == ["", "", "the caller is gone"]
    assert error(whole) == "the caller is gone"
    assert "http.status_code" not in whole["tags"]


async def test_a_wait_for_a_model_that_is_on_its_way_is_its_load(
    client, shop, kept, tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, waiting, wait_for = tmp_path / "gate", asyncio.Event(), Models.wait_for

    async def seen(self: Models, *arguments: Any) -> Any:
        waiting.set()
        return await wait_for(self, *arguments)

    monkeypatch.setattr(Models, "wait_for", seen)
    load = f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.005)"
    shop.put_custom("late", MODEL.replace("GATE", load), inputs=["do"], outputs=[])
    await client.model("late", state="loading")
    asking = asyncio.create_task(ask(client, GO, model="late"))
    await waiting.wait()
    gate.touch()
    status, trace = await asking
    assert status == 200
    whole, stages = await told(kept, trace)
    assert [stage["name"] for stage in stages] == ["load", *STAGES]
    assert whole["tags"]["version"] == (await client.model("late"))["version"]


async def test_what_is_not_to_be_kept_is_not(client, kept) -> None:
    for headers in ({}, {"traceparent": f"00-{'5' * 32}-{SPAN}-00"}, {"b3": "0"}):
        async with client.session.post(f"{client.url}/m", json=GO, headers=headers) as answer:
            assert answer.status == 200
    _, trace = await ask(client, GO)
    await told(kept, trace)
    _, traces = await kept.get("traces", limit=100)
    assert {span["traceId"] for spans in traces for span in spans} == {trace}


async def test_long_and_illegible_words_of_a_client_are_cut_and_spelt_out(client, kept) -> None:
    trace, url = secrets.token_hex(16), URL(client.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /m%FF HTTP/1.1\r\nhost: x\r\nconnection: close\r\ntraceparent: 00-{trace}-{SPAN}-01\r\n"
    writer.write(head.encode() + b"content-length: 2\r\nx-request-id: " + b"r\xff" * 3_000 + b"\r\n\r\n[]")
    assert (await reader.read()).startswith(b"HTTP/1.1 404")
    writer.close()
    whole, _ = await told(kept, trace)
    assert whole["tags"]["request_id"] == "r?" * 500
    assert whole["tags"]["model"] == "m%FF"


async def test_spans_that_a_collector_did_not_get_are_counted(shop, run_runtime) -> None:
    shop.put_custom("m", MODEL.replace("GATE", ""), inputs=["do"], outputs=[])
    async with run_runtime(CustomRuntime(), shop, zipkin=f"http://127.0.0.1:{free_port()}") as client:
        await client.model("m", state="ready")
        await ask(client, GO)

        async def counted() -> bool:
            figures = await Figures.scraped(client.session, client.url)
            return figures("catenary_spans_dropped_total", collector="zipkin") == 1 + len(STAGES)

        await until(counted, "the count of spans that went nowhere")
