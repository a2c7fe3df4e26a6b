"""What is the case in a runtime when a scrape asks. Quick: it runs on the event loop."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily

from catenary.messages import LoadedModel
from runtimes.base.workers import Workers


def model_gauges(models: Sequence[LoadedModel]) -> Iterator[Metric]:
    """How many models are in which state, and the versions that are served."""
    states = Counter(model.state for model in models)
    by_state = GaugeMetricFamily("catenary_models", "Models of the index by state.", labels=["state"])
    for state in ("ready", "loading", "broken"):
        by_state.add_metric([state], states[state])
    info = GaugeMetricFamily(
        "catenary_model_info", "Each model that is served, at its version.", labels=["model", "version"]
    )
    for model in models:
        if model.state == "ready":
            info.add_metric([model.name, model.version], 1)
    yield by_state
    yield info


def worker_gauges(workers: Workers) -> Iterator[Metric]:
    """How busy the threads are."""
    threads = "Threads that predictions run on."
    yield GaugeMetricFamily("catenary_predictions_threads", threads, workers.threads)
    yield GaugeMetricFamily("catenary_predictions_running", "Predictions on a thread.", workers.running)
    yield GaugeMetricFamily("catenary_predictions_waiting", "Predictions that wait for a thread.", workers.waiting)
    limit = "How many predictions may wait before further ones are shed."
    yield GaugeMetricFamily("catenary_predictions_waiting_limit", limit, workers.most_waiting)
