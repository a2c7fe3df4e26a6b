"""What pipelines and their steps do within a second: the figures of `catenary top`, as the manager's documents and the
instances' rates give them.

Owns what is counted for whom; knows neither how it was read nor how it is shown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from catenary import names
from catenary.cli.rates import Series, quantile

PREFIXES = ("catenary_gateway_", "catenary_step_")
"""What is read of an instance's metrics."""


@dataclass
class Traffic:
    """Requests within a second, of one pipeline or of one of its steps."""

    codes: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """By HTTP status."""
    failures: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """What the gateway gave up, by kind."""
    buckets: defaultdict[float, float] = field(default_factory=lambda: defaultdict(float))
    """Those that took at most so many seconds, as in a histogram."""

    @property
    def requests_per_s(self) -> float:
        return sum(self.codes.values())

    def with_status(self, hundreds: str) -> float:
        return sum(rate for code, rate in self.codes.items() if code.startswith(hundreds))

    def worst_failures(self) -> dict[str, float]:
        """The kinds that there were, the most frequent first."""
        return {kind: rate for kind, rate in sorted(self.failures.items(), key=lambda item: -item[1]) if rate}

    def document(self) -> dict[str, Any]:
        return {
            "requests_per_s": self.requests_per_s,
            "client_errors_per_s": self.with_status("4"),
            "server_errors_per_s": self.with_status("5"),
            "failures_per_s": self.worst_failures(),
            "p50_s": quantile(0.5, self.buckets),
            "p99_s": quantile(0.99, self.buckets),
        }


@dataclass(frozen=True, slots=True)
class StepTraffic:
    """One step of a chain; `retries_per_s` are all that were made of its service, for whatever pipeline."""

    service: str
    model: str
    traffic: Traffic
    retries_per_s: float
    instances: int

    def document(self) -> dict[str, Any]:
        return {
            "service": self.service,
            "model": self.model,
            **self.traffic.document(),
            "retries_per_s": self.retries_per_s,
            "instances": self.instances,
        }


@dataclass(frozen=True, slots=True)
class PipelineTraffic:
    """A pipeline; `traffic` is what its clients see, at all gateways together."""

    name: str
    state: str
    traffic: Traffic
    steps: tuple[StepTraffic, ...]

    def document(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "state": self.state,
            **self.traffic.document(),
            "steps": [step.document() for step in self.steps],
        }


def pipeline_traffic(
    pipelines: Iterable[Mapping[str, Any]],
    instances: Iterable[Mapping[str, Any]],
    grown: Iterable[Mapping[Series, float]],
) -> list[PipelineTraffic]:
    """The manager's pipelines, the busiest first; `grown`: the rates of each instance that was read."""
    counted = _Counted()
    for rates in grown:
        for series, rate in rates.items():
            counted.add(series.name, dict(series.labels), rate)
    running = Counter(instance["service"] for instance in instances)
    found = []
    for pipeline in pipelines:
        name, chain = pipeline["name"], map(_service_and_model, pipeline["chain"])
        steps = tuple(
            StepTraffic(service, model, counted.steps[name, str(at)], counted.retries[service], running[service])
            for at, (service, model) in enumerate(chain, 1)
        )
        found.append(PipelineTraffic(name, pipeline["state"], counted.pipelines[name], steps))
    return sorted(found, key=lambda pipeline: (-pipeline.traffic.requests_per_s, pipeline.name))


class _Counted:
    """The rates of all instances, by whom they belong to."""

    def __init__(self) -> None:
        self.pipelines: defaultdict[str, Traffic] = defaultdict(Traffic)
        self.steps: defaultdict[tuple[str, str], Traffic] = defaultdict(Traffic)
        self.retries: defaultdict[str, float] = defaultdict(float)

    def add(self, name: str, labels: Mapping[str, str], rate: float) -> None:
        pipeline = labels.get("pipeline", "")
        step = pipeline, labels.get("step", "")
        match name:
            case "catenary_gateway_requests_total":
                self.pipelines[pipeline].codes[labels.get("code", "")] += rate
            case "catenary_gateway_request_duration_seconds_bucket":
                self.pipelines[pipeline].buckets[float(labels.get("le", "inf"))] += rate
            case "catenary_gateway_failures_total":
                self.pipelines[pipeline].failures[labels.get("kind", "")] += rate
                self.steps[step].failures[labels.get("kind", "")] += rate
            case "catenary_gateway_retries_total":
                self.retries[labels.get("service", "")] += rate
            case "catenary_step_requests_total":
                self.steps[step].codes[labels.get("code", "")] += rate
            case "catenary_step_duration_seconds_bucket":
                self.steps[step].buckets[float(labels.get("le", "inf"))] += rate


def are_read(pipelines: Iterable[Mapping[str, Any]]) -> set[str]:
    """The services whose instances have figures of these pipelines."""
    return {names.GATEWAY, *(_service_and_model(step)[0] for pipeline in pipelines for step in pipeline["chain"])}


def _service_and_model(step: str | Mapping[str, Any]) -> tuple[str, str]:
    if isinstance(step, str):
        service, _, model = step.partition("/")
        return service, model
    return step["service"], step["model"]
