"""Traces of a local stack: every request of the demo's chain is seen, by no more than the stack itself."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from catenary import data, names
from catenary.client import Client

REQUEST = f"@{data.models_dir() / 'custom' / 'pm_scikit' / 'request.json'}"
STAGES = ("queue", "decode", "predict", "serialise")
STEP_DEPTHS = (2, 4, 6, 8, 8, 8, 8)
CHAIN = ("serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark")


def by_name(spans: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    """Spans by who reported them and what they are called."""
    found = {(span["localEndpoint"]["serviceName"], span["name"]): span for span in spans}
    assert len(found) == len(spans)
    return found


def test_a_stack_shows_its_own_traces(stack: Any, tmp_path: Path):
    up = stack.run("up", "--detach", CATENARY_TRACE_PERCENT="0")
    assert up.returncode == 0, up.stderr
    record = stack.record()
    stack.until(lambda: stack.run("status").returncode == 0, "the stack is ready")
    assert stack.run("pipeline", "create", "match", *CHAIN).returncode == 0
    manager = Client(record["manager"])
    stack.until(lambda: manager.call("GET", f"{names.PIPELINES_PATH}/match")["state"] == "ready", "it can be called")

    # Nothing is traced by lot here; what asks for it is.
    untraced = json.loads(stack.run("call", "match", "-d", REQUEST, "--json").stdout)["trace_id"]
    called = stack.run("call", "match", "-d", REQUEST, "--trace", "--json")
    assert called.returncode == 0, called.stderr
    call = json.loads(called.stdout)
    spans = by_name(call["trace"])
    gateway, features, forest = "gateway", "serving-customscikit", "serving-localml-spark"
    root = spans[gateway, "match"]
    first, second = spans[gateway, f"async {features} egress"], spans[gateway, forest]
    assert {first["parentId"], second["parentId"]} == {root["id"]}
    assert spans[features, "/pm_scikit"]["parentId"] == first["id"]
    assert spans[forest, "/pm_spark"]["parentId"] == second["id"]
    for service, model in ((features, "pm_scikit"), (forest, "pm_spark")):
        assert spans[service, model]["parentId"] == spans[service, f"/{model}"]["id"]
        assert {spans[service, stage]["parentId"] for stage in STAGES} == {spans[service, model]["id"]}
    assert len(spans) == 15
    assert {span["traceId"] for span in spans.values()} == {call["trace_id"]}

    shown = stack.run("trace", call["trace_id"])
    assert shown.returncode == 0
    labels = [
        line.split(" ms ")[0].rsplit(maxsplit=1)[0].rstrip() for line in shown.stdout.splitlines() if " ms " in line
    ]
    assert [label.strip() for label in labels] == [
        "gateway match",
        f"gateway async {features} egress",
        f"{features} /pm_scikit",
        f"{features} pm_scikit",
        *(f"{features} {stage}" for stage in STAGES),
        f"gateway {forest}",
        f"{forest} /pm_spark",
        f"{forest} pm_spark",
        *(f"{forest} {stage}" for stage in STAGES),
    ]
    depths = [len(label) - len(label.lstrip()) for label in labels]
    assert [depth - depths[0] for depth in depths] == [0, *STEP_DEPTHS, *STEP_DEPTHS]

    both = stack.run("call", "match", "-d", REQUEST, "--trace")
    assert both.returncode == 0, both.stderr
    assert both.stdout.index("predictionLabel") < both.stdout.index("gateway match")
    assert "waiting for the spans" in both.stderr

    wrong = stack.run("call", "match", "-d", "[{}]", "--trace")
    assert wrong.returncode == 1
    assert f"! {features} /pm_scikit: 422" in wrong.stdout
    missing = stack.run("trace", untraced)
    assert missing.returncode == 1
    assert f"there is no trace '{untraced}': the last 1000 traces are kept here" in missing.stderr

    # Neither health checks nor the spans' own posts are traces.
    services = manager.call("GET", f"{names.ZIPKIN_PATH}/services")
    assert services == [gateway, features, forest]
    traces = manager.call("GET", f"{names.ZIPKIN_PATH}/traces?limit=100&endTs={int((time.time() + 60) * 1000)}")
    assert len(traces) == 3
