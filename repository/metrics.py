"""What is the case in the repository when a scrape asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import product

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from catenary.metrics import OTHER
from repository.formats import FORMATS
from repository.index import Index


def model_gauges(index: Index) -> Iterator[Metric]:
    """How many folders of each runtime are in which state; those of runtimes that nobody knows count together."""
    runtimes = ((e.runtime if e.runtime in FORMATS else OTHER, e.state) for e in index.entries)
    counts = Counter[tuple[str, str]](runtimes)
    family = GaugeMetricFamily(
        "catenary_repository_models", "Folders of models by runtime and state.", labels=["runtime", "state"]
    )
    for runtime, state in product((*FORMATS, OTHER), ("ready", "incomplete", "broken")):
        family.add_metric([runtime, state], counts[runtime, state])
    yield family
