"""What is the case in the manager when a scrape asks. Quick at thousands of pipelines: it runs on the event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from manager.controller import Controller


def manager_gauges(controller: Controller) -> Iterator[Metric]:
    """Nothing is said of pipelines and instances before the store has been read."""
    yield _envoys(controller)
    well = controller.loaded.is_set() and controller.standing.since is None
    said = "Whether the store has been read and all that follows it is well."
    yield GaugeMetricFamily("catenary_manager_store_available", said, float(well))
    if controller.loaded.is_set():
        yield _pipelines(controller)
        yield _instances(controller)


def _envoys(controller: Controller) -> Metric:
    roles = Counter(envoy.node.role for envoy in controller.ads.envoys())
    family = GaugeMetricFamily("catenary_manager_envoys", "Envoys that are connected.", labels=["role"])
    for role in ("gateway", "sidecar"):
        family.add_metric([role], roles[role])
    return family


def _pipelines(controller: Controller) -> Metric:
    states = controller.states()
    family = GaugeMetricFamily("catenary_manager_pipelines", "Pipelines by state.", labels=["state"])
    for state in ("ready", "waiting", "pending"):
        family.add_metric([state], states[state])
    return family


def _instances(controller: Controller) -> Metric:
    registry = controller.registry
    up = Counter(instance.service for instance in registry.instances())
    family = GaugeMetricFamily(
        "catenary_manager_instances",
        "Registered instances of each service that ever had one: those that may take requests are up.",
        labels=["service", "health"],
    )
    for service in sorted(registry.services() | up.keys()):
        family.add_metric([service, "up"], up[service])
        family.add_metric([service, "down"], len(registry.faults(service)))
    return family
