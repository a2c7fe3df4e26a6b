"""One trace from the edge to the model: real runtimes as steps, in Zipkin's server and in what the manager keeps."""

from __future__ import annotations

import contextlib
import json
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from mesh import Mesh, Process, until
from servers import OtlpReceiver, ZipkinServer

from catenary import names
from catenary.address import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

MODEL = """
import pathlib, time

from catenary.errors import InvalidInput

class Model:
    def predict(self, rows):
        for row in rows:
            if row["do"] == "refuse":
                raise InvalidInput("too large", row=0, column="do")
            if row["do"] == "block":
                while not pathlib.Path(row["gate"]).exists():
                    time.sleep(0.005)
        return rows

def load(path):
    return Model()
"""
FIRST, SECOND, FLAKY = "serving-first", "serving-second", "serving-flaky"
STAGES = ["queue", "decode", "predict", "serialise"]
ENVOYS_US = 20_000
CALLERS_SPAN = "00f067aa0ba902b7"
REFUSED: list[str] = []

Span = dict[str, Any]


async def _refuse(request: web.Request) -> web.Response:
    REFUSED.append(request.headers[names.REQUEST_ID])
    return web.json_response({"error": "not now"}, status=503)


class World:
    """Two pipelines of two steps each, of which the second one's last step has an instance that refuses."""

    def __init__(
        self, mesh: Mesh, folder: Path, traces_url: str, receiver: OtlpReceiver | None, **runtime_settings: str
    ) -> None:
        self.mesh = mesh
        self.gate = folder / "gate"
        self._folder = folder
        self._traces_url = traces_url
        self._receiver = receiver
        self._runtime_settings = runtime_settings

    async def start(self) -> None:
        for model in ("m1", "m2"):
            place = self._folder / "models" / "custom" / model
            place.mkdir(parents=True)
            (place / "model.py").write_text(MODEL)
            (place / "metadata.json").write_text(json.dumps({"model": model, "inputs": ["do"], "outputs": []}))
        repository = f"127.0.0.1:{free_port()}"
        settings = {"CATENARY_LISTEN": repository, "CATENARY_MODEL_DIRECTORY": str(self._folder / "models")}
        await self._process("repository", **settings)
        for service in (FIRST, SECOND, FLAKY):
            await self._runtime(service, f"http://{repository}")
        await self.mesh.step(FLAKY, _refuse)
        await self.mesh.pipeline("two", f"{FIRST}/m1", f"{SECOND}/m2")
        await self.mesh.pipeline("flaky", f"{FIRST}/m1", f"{FLAKY}/m2")

    async def _runtime(self, service: str, repository: str) -> None:
        step = await self.mesh.step(service, None)
        await self._process(
            "runtimes.custom",
            CATENARY_LISTEN=str(step.node.app),
            CATENARY_SERVICE=service,
            CATENARY_INSTANCE=step.node.id,
            CATENARY_REPOSITORY=repository,
            CATENARY_CACHE=str(self._folder / "cache"),
            **self._runtime_settings,
        )
        await self.mesh.until_answers(f"http://{step.node.listen}{names.HEALTH_PATH}")

    async def _process(self, module: str, **settings: str) -> None:
        process = await Process.start([sys.executable, "-m", module], self._folder / f"{module}.log", **settings)
        self.mesh.on_exit(process.stop)

    async def ask(self, pipeline: str, rows: Any, **headers: str) -> tuple[int, str]:
        """The answer's status, and the trace's id as the client is told."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.mesh.session.post(self.mesh.serve_url(pipeline), json=rows, headers=sent) as answer:
            await answer.read()
            return answer.status, answer.headers[names.TRACE_ID]

    async def trace(self, trace_id: str, spans: int) -> Tree:
        """The trace, when there are at least so many spans of it."""
        found: list[Span] = []

        async def complete() -> bool:
            nonlocal found
            found = await self.spans(trace_id)
            return len(found) >= spans

        try:
            await until(complete, f"{spans} spans of trace {trace_id}")
        except AssertionError as error:
            raise AssertionError(f"{error}: {json.dumps(found, indent=1)}") from error
        return Tree(found)

    async def spans(self, trace_id: str) -> list[Span]:
        """Those that the Envoys sent, and the runtimes, if that is elsewhere."""
        async with self.mesh.session.get(f"{self._traces_url}{names.ZIPKIN_PATH}/trace/{trace_id}") as answer:
            found = await answer.json() if answer.status == 200 else []
        return found + (self._receiver.spans(trace_id) if self._receiver else [])


class Tree:
    """The spans of a trace, each taken out once."""

    def __init__(self, spans: list[Span]) -> None:
        self.left = sorted(spans, key=lambda span: span["timestamp"])

    def one(self, service: str, name: str, parent: Span | str | None, **fields: Any) -> Span:
        """The first that is left of these, as part of `parent`, within whose time it lies."""
        at = parent["id"] if isinstance(parent, dict) else parent
        for span in self.left:
            who = span["localEndpoint"]["serviceName"]
            if (who, span["name"], span.get("parentId")) == (service, name, at) and span | fields == span:
                self.left.remove(span)
                if isinstance(parent, dict):
                    assert parent["timestamp"] <= span["timestamp"]
                    # An Envoy's last span of a request may end before what is in it, by its own clock.
                    slack_us = ENVOYS_US if "http.protocol" in parent["tags"] else 1
                    assert end_us(span) <= end_us(parent) + slack_us
                return span
        raise AssertionError(f"no {service} {name} below {at}: {json.dumps(self.left, indent=1)}")


def end_us(span: Span) -> int:
    return int(span["timestamp"] + span["duration"])


def error(span: Span) -> str:
    return str(span.get("tags", {}).get("error", ""))


@pytest_asyncio.fixture(scope="module", loop_scope="module", params=["zipkin", "embedded", "otlp"])
async def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    """Nothing is traced by lot here; what asks for it is."""
    folder = tmp_path_factory.mktemp("world")
    mesh = Mesh(CATENARY_TRACE_PERCENT="0", CATENARY_KEEP_TRACES="0" if request.param == "zipkin" else "1000")
    async with contextlib.AsyncExitStack() as stack:
        collector = mesh.manager_url
        if request.param == "zipkin":
            collector = (await stack.enter_async_context(ZipkinServer(folder / "zipkin"))).url
        told = {"CATENARY_ZIPKIN": collector}
        receiver = None
        if request.param == "otlp":
            receiver = await stack.enter_async_context(OtlpReceiver(folder / "otlp"))
            told = {"CATENARY_OTLP": receiver.url}
        mesh.manager_settings["CATENARY_ZIPKIN"] = collector
        await stack.enter_async_context(mesh)
        world = World(mesh, folder, collector, receiver, **told)
        await world.start()
        yield world


def sampled() -> dict[str, str]:
    return {"traceparent": f"00-{secrets.token_hex(16)}-{CALLERS_SPAN}-01"}


def runtimes_part(tree: Tree, service: str, model: str, sidecar: Span, stages: list[str]) -> tuple[Span, list[Span]]:
    whole = tree.one(service, model, sidecar, kind="SERVER")
    parts = [tree.one(service, stage, whole) for stage in stages]
    for part in parts:
        assert "kind" not in part
    return whole, parts


def step_part(tree: Tree, service: str, model: str, call: Span, stages: list[str] = STAGES) -> tuple[Span, list[Span]]:
    """What a call was to its step: the runtime's span below the sidecar's, and its stages."""
    sidecar = tree.one(service, f"/{model}", call, kind="SERVER")
    return runtimes_part(tree, service, model, sidecar, stages)


async def test_a_chain_is_one_trace_down_to_the_models(world: World) -> None:
    status, trace = await world.ask("two", [{"do": "go"}, {"do": "go"}], **sampled())
    assert status == 200
    tree = await world.trace(trace, 15)
    edge = tree.one("gateway", "two", CALLERS_SPAN, kind="SERVER")
    calls = [tree.one("gateway", name, edge, kind="CLIENT") for name in (f"async {FIRST} egress", SECOND)]
    for at, (service, model) in enumerate(((FIRST, "m1"), (SECOND, "m2"))):
        whole, _ = step_part(tree, service, model, calls[at])
        told = {"pipeline": "two", "step": str(at + 1), "model": model, "runtime": "custom", "rows": "2"}
        assert whole["tags"] | told | {"http.status_code": "200"} == whole["tags"]
        assert whole["tags"]["version"]
        assert whole["tags"]["request_id"] == edge["tags"]["guid:x-request-id"]
    assert tree.left == []


async def test_what_a_model_refuses_is_marked_where_it_happened(world: World) -> None:
    status, trace = await world.ask("two", [{"do": "refuse"}], **sampled())
    assert status == 422
    tree = await world.trace(trace, 7)
    edge = tree.one("gateway", "two", CALLERS_SPAN)
    whole, stages = step_part(tree, FIRST, "m1", tree.one("gateway", f"async {FIRST} egress", edge), STAGES[:3])
    assert tree.left == []
    assert whole["tags"]["http.status_code"] == "422"
    # A collector that makes Zipkin's of OpenTelemetry's keeps the sentence under another name.
    assert [error(span) for span in (whole, *stages)] in (
        ["too large", "", "", "too large"],
        ["true", "", "", "true"],
    )


async def test_each_try_is_a_call_of_its_own(world: World) -> None:
    for _ in range(100):
        headers = sampled()
        tried = len(REFUSED)
        status, trace = await world.ask("flaky", [{"do": "go"}], **headers)
        assert status == 200
        if len(REFUSED) > tried:
            break
    tree = await world.trace(trace, 17)
    edge = tree.one("gateway", "flaky", CALLERS_SPAN)
    step_part(tree, FIRST, "m1", tree.one("gateway", f"async {FIRST} egress", edge))
    refused, served = tree.one("gateway", FLAKY, edge), tree.one("gateway", FLAKY, edge)
    assert (refused["tags"]["http.status_code"], served["tags"]["http.status_code"]) == ("503", "200")
    assert served["tags"]["retry.count"] == "1"
    assert error(tree.one(FLAKY, "/m2", refused))
    step_part(tree, FLAKY, "m2", served)
    assert tree.left == []


async def test_a_deadline_ends_the_spans_of_what_is_under_way(world: World) -> None:
    gate = world.gate.with_name(secrets.token_hex(4))
    rows = [{"do": "block", "gate": str(gate)}]
    status, trace = await world.ask("two", rows, **sampled(), **{names.TIMEOUT_MS: "1000"})
    assert status == 504
    tree = await world.trace(trace, 7)
    gate.touch()
    edge = tree.one("gateway", "two", CALLERS_SPAN)
    call = tree.one("gateway", f"async {FIRST} egress", edge)
    sidecar = tree.one(FIRST, "/m1", call)
    # That the caller is gone comes to the runtime when the Envoys are through.
    whole = tree.one(FIRST, "m1", sidecar["id"])
    stages = [tree.one(FIRST, stage, whole) for stage in STAGES[:3]]
    assert tree.left == []
    assert error(whole)
    assert [bool(error(stage)) for stage in stages] == [False, False, True]
    assert whole["duration"] > 500_000


@pytest.mark.parametrize(
    "header",
    [
        {"traceparent": "00-{trace}-{span}-01"},
        {"b3": "{trace}-{span}-1"},
        {"b3": "{trace}-{span}-d"},
        {"x-b3-traceid": "{trace}", "x-b3-spanid": "{span}", "x-b3-sampled": "1"},
        {"b3": "1"},
        {"x-b3-sampled": "1"},
    ],
    ids=str,
)
async def test_what_a_client_wants_traced_is_traced_down_to_the_models(world: World, header: dict[str, str]) -> None:
    trace = secrets.token_hex(16)
    filled = {name: text.format(trace=trace, span=CALLERS_SPAN) for name, text in header.items()}
    status, told = await world.ask("two", [{"do": "go"}], **filled)
    assert status == 200
    known = any(trace in text for text in filled.values())
    assert not known or told == trace
    tree = await world.trace(told, 15)
    edge = tree.one("gateway", "two", CALLERS_SPAN if known else None)
    step_part(tree, FIRST, "m1", tree.one("gateway", f"async {FIRST} egress", edge))
    step_part(tree, SECOND, "m2", tree.one("gateway", SECOND, edge))
    assert tree.left == []


async def test_what_nobody_wants_traced_is_not_and_has_an_id_all_the_same(world: World) -> None:
    status, silent = await world.ask("two", [{"do": "go"}])
    assert status == 200
    assert len(silent) == 32
    _, trace = await world.ask("two", [{"do": "go"}], **sampled())
    await world.trace(trace, 15)  # What came later is there.
    assert await world.spans(silent) == []
