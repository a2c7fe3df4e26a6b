"""What the manager counts as it happens: xDS, changes, writes. What is the case stands in `manager.gauges`."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram

from catenary.metrics import DURATION_BUCKETS_S

WRITE_OUTCOMES = ("in_force", "pending", "refused")


class ManagerMetrics:
    def __init__(self, registry: CollectorRegistry) -> None:
        self.pushes = Counter(
            "catenary_manager_xds_pushes", "Versions of resources sent to Envoys.", ["type"], registry=registry
        )
        self.refusals = Counter(
            "catenary_manager_xds_refusals", "Versions that an Envoy refused.", ["type"], registry=registry
        )
        self.change_duration = Histogram(
            "catenary_manager_change_duration_seconds",
            "From a change of the topology until every connected gateway has taken it in.",
            registry=registry,
            buckets=DURATION_BUCKETS_S,
        )
        self.writes = Counter(
            "catenary_manager_writes",
            "Pipelines written or deleted: in force at the answer, still pending, or refused.",
            ["outcome"],
            registry=registry,
        )
        for outcome in WRITE_OUTCOMES:
            self.writes.labels(outcome)
