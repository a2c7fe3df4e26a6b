"""What is counted for which pipeline and which step."""

from __future__ import annotations

import math
from typing import Any

from catenary.cli.rates import Series
from catenary.cli.traffic import are_read, pipeline_traffic

PIPELINES: list[dict[str, Any]] = [
    {"name": "quiet", "state": "waiting", "chain": ["serving-none/m"]},
    {"name": "busy", "state": "ready", "chain": ["serving-a/m", {"service": "serving-b", "model": "n", "retries": 0}]},
]
INSTANCES = [{"id": f"{service}-{n}", "service": service} for service in ("serving-a", "gateway") for n in (1, 2)]


def series(name: str, **labels: str) -> Series:
    return Series(f"catenary_{name}", tuple(sorted(labels.items())))


def histogram(name: str, counts: dict[float, float], **labels: str) -> dict[Series, float]:
    return {
        series(f"{name}_bucket", **labels, le="+Inf" if bound == math.inf else str(bound)): count
        for bound, count in counts.items()
    }


ONE_GATEWAY = {
    series("gateway_requests_total", pipeline="busy", code="200"): 7.0,
    series("gateway_requests_total", pipeline="busy", code="429"): 1.0,
    series("gateway_requests_total", pipeline="busy", code="504"): 2.0,
    series("gateway_requests_total", pipeline="deleted", code="200"): 5.0,
    series("gateway_failures_total", pipeline="busy", step="", service="", model="", kind="limited"): 1.0,
    series("gateway_failures_total", pipeline="busy", step="2", service="serving-b", model="n", kind="timeout"): 2.0,
    series("gateway_failures_total", pipeline="busy", step="2", service="serving-b", model="n", kind="fault"): 0.0,
    series("gateway_retries_total", service="serving-a"): 0.5,
    **histogram("gateway_request_duration_seconds", {0.1: 5.0, 0.2: 10.0, math.inf: 10.0}, pipeline="busy"),
}
A_SIDECAR = {
    series("step_requests_total", pipeline="busy", step="1", model="m", code="200"): 9.0,
    series("step_requests_total", pipeline="busy", step="1", model="m", code="503"): 0.5,
    **histogram("step_duration_seconds", {0.1: 9.0, math.inf: 9.0}, pipeline="busy", step="1", model="m"),
}


def test_gateways_add_up_and_the_busiest_pipeline_is_first() -> None:
    busy, quiet = (found.document() for found in pipeline_traffic(PIPELINES, INSTANCES, [ONE_GATEWAY, ONE_GATEWAY]))
    assert (busy["name"], quiet["name"]) == ("busy", "quiet")
    assert {key: busy[key] for key in ("requests_per_s", "client_errors_per_s", "server_errors_per_s")} == {
        "requests_per_s": 20.0,
        "client_errors_per_s": 2.0,
        "server_errors_per_s": 4.0,
    }
    assert list(busy["failures_per_s"].items()) == [("timeout", 4.0), ("limited", 2.0)]
    assert (busy["p50_s"], busy["p99_s"]) == (0.1, 0.198)
    assert quiet["requests_per_s"] == 0
    assert quiet["p50_s"] is None


def test_a_step_has_what_its_instances_answered_and_what_was_given_up_there() -> None:
    busy, quiet = pipeline_traffic(PIPELINES, INSTANCES, [ONE_GATEWAY, A_SIDECAR])
    first, second = (step.document() for step in busy.steps)
    assert (first["service"], first["model"], first["instances"], first["retries_per_s"]) == ("serving-a", "m", 2, 0.5)
    assert (first["requests_per_s"], first["server_errors_per_s"], first["failures_per_s"]) == (9.5, 0.5, {})
    assert (second["service"], second["model"], second["instances"], second["retries_per_s"]) == (
        "serving-b",
        "n",
        0,
        0,
    )
    assert (second["requests_per_s"], second["failures_per_s"]) == (0, {"timeout": 2.0})
    assert quiet.steps[0].instances == 0


def test_only_gateways_and_services_of_steps_are_read() -> None:
    assert are_read(PIPELINES) == {"gateway", "serving-none", "serving-a", "serving-b"}


def test_what_an_app_says_under_our_names_without_our_labels_is_nobodys() -> None:
    names = ("gateway_requests_total", "gateway_failures_total", "gateway_retries_total", "step_requests_total")
    histograms = ("gateway_request_duration_seconds_bucket", "step_duration_seconds_bucket")
    foreign = {series(name): 1.0 for name in (*names, *histograms)}
    assert pipeline_traffic(PIPELINES, INSTANCES, [foreign]) == pipeline_traffic(PIPELINES, INSTANCES, [])
