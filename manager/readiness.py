"""Whether a pipeline can answer, and if not, what it waits for: step by step, in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from catenary import names
from catenary.errors import NotFound
from catenary.messages import IndexEntry, Instance, Pipeline, Step
from manager.catalog import Catalog
from manager.registry import Registry

Reason = Literal["unknown-service", "no-healthy-instance", "unknown-model", "model-broken", "model-loading"]


@dataclass(frozen=True, slots=True)
class Wait:
    """`step` counts from 1; `detail` is a sentence."""

    step: int
    service: str
    model: str
    reason: Reason
    detail: str

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def waits(pipeline: Pipeline, registry: Registry, catalog: Catalog) -> list[Wait]:
    """What `pipeline` waits for; empty: it is ready."""
    found = []
    for position, step in enumerate(pipeline.chain, 1):
        instances = registry.instances(step.service)
        if not _answers(step.model, _ready_models(instances)):
            fault = (
                _service_fault(step, registry)
                or _catalog_fault(step, catalog.entries)
                or _instance_fault(step, instances)
            )
            found.append(Wait(position, step.service, step.model, *fault))
    return found


class Readiness:
    """Which pipelines wait for nothing just now: for thousands of them at once, without the reasons."""

    def __init__(self, registry: Registry) -> None:
        self._ready = {service: _ready_models(registry.instances(service)) for service in registry.services()}

    def of(self, pipeline: Pipeline) -> bool:
        return all(_answers(step.model, self._ready.get(step.service, frozenset())) for step in pipeline.chain)


def _ready_models(instances: Sequence[Instance]) -> frozenset[str] | None:
    """The models that some instance is ready to serve; None: any, as far as the instances say."""
    if any(instance.models is None for instance in instances):
        return None
    return frozenset(m.name for instance in instances for m in instance.models or () if m.state == "ready")


def _answers(model: str, ready: frozenset[str] | None) -> bool:
    return ready is None or model in ready


def _service_fault(step: Step, registry: Registry) -> tuple[Reason, str] | None:
    if registry.instances(step.service):
        return None
    known = registry.services() | set(names.TYPE_OF_SERVICE)
    if step.service in known:
        faults = "".join(f"; {id_}: {fault}" for id_, fault in sorted(registry.faults(step.service).items()))
        return "no-healthy-instance", f"no instance of {step.service} is up{faults}"
    return "unknown-service", str(NotFound("service", step.service, known))


def _catalog_fault(step: Step, entries: Sequence[IndexEntry] | None) -> tuple[Reason, str] | None:
    wanted = names.TYPE_OF_SERVICE.get(step.service)
    if entries is None or wanted is None:
        return None
    of_name = [entry for entry in entries if entry.name == step.model]
    right = [entry for entry in of_name if entry.runtime == wanted]
    if not right and of_name:
        other = of_name[0].runtime
        place = names.SERVICE_OF_TYPE.get(other, "no service")
        return "unknown-model", f"{step.model!r} is a {other} model: {place} serves it, not {step.service}"
    if not right:
        return "unknown-model", str(NotFound("model", step.model, [e.name for e in entries if e.runtime == wanted]))
    if right[0].state != "ready":
        return "model-broken", f"model {step.model!r} is {right[0].state}: {right[0].reason}"
    return None


def _instance_fault(step: Step, instances: Sequence[Instance]) -> tuple[Reason, str]:
    for model in (model for i in instances for model in i.models or () if model.name == step.model):
        if model.state == "broken":
            return "model-broken", f"{step.service} cannot load {step.model!r}: {model.reason}"
    return "model-loading", f"{step.service} has not loaded {step.model!r} yet"
