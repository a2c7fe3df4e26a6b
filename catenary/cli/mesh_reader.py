"""What `catenary top` reads, again and again: the manager's pipelines and instances, then each instance's metrics.

A manager that does not answer leaves what it said last; an instance that does not is named in `unread`. Neither ends
anything.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Self

from catenary import names
from catenary.cli.rates import Reading, rates, read_metrics
from catenary.cli.traffic import PREFIXES, PipelineTraffic, are_read, pipeline_traffic
from catenary.client import Client
from catenary.errors import CatenaryError, DeadlineExceeded, ServingError, SetupError, Unavailable

AT_ONCE = 16
"""Instances that are read at the same time."""
SILENCE_S = 2.0
"""Of an instance, before it counts as unread."""


@dataclass(frozen=True, slots=True)
class View:
    """What was seen between two readings, the busiest pipeline first."""

    interval_s: float
    pipelines: list[PipelineTraffic]
    unread: Mapping[str, str]
    """Why an instance, or the manager, is not in the figures: a sentence by its name."""

    def document(self) -> dict[str, Any]:
        return {
            "interval_s": self.interval_s,
            "pipelines": [pipeline.document() for pipeline in self.pipelines],
            "unread": dict(self.unread),
        }


class MeshReader:
    """`with` it: the first reading is made then, and each `view` makes another."""

    def __init__(self, manager: Client) -> None:
        self._manager = manager
        self._pipelines: list[dict[str, Any]] = []
        self._instances: list[dict[str, Any]] = []
        self._readings: dict[str, Reading] = {}
        self._time_s = 0.0
        self._pool = ThreadPoolExecutor(AT_ONCE, "metrics")

    def __enter__(self) -> Self:
        """Raises what the manager's client raises: without an answer there is nothing to be seen."""
        self._ask_manager()
        self._readings, _ = self._read_instances()
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def view(self) -> View:
        """What has happened since the last reading. Never raises CatenaryError."""
        before, since_s = self._readings, self._time_s
        unread = {}
        try:
            self._ask_manager()
        except CatenaryError as error:
            unread[names.MANAGER] = str(error)
        self._readings, silent = self._read_instances()
        grown = [rates(before[id_], reading) for id_, reading in self._readings.items() if id_ in before]
        return View(
            self._time_s - since_s,
            pipeline_traffic(self._pipelines, self._instances, grown),
            unread | silent,
        )

    def _ask_manager(self) -> None:
        pipelines = self._manager.call("GET", names.PIPELINES_PATH)
        self._pipelines, self._instances = pipelines, self._manager.call("GET", names.INSTANCES_PATH)

    def _read_instances(self) -> tuple[dict[str, Reading], dict[str, str]]:
        """The readings of those that can be read, and why the others can not, by instance."""
        self._time_s = time.monotonic()
        services = are_read(self._pipelines)
        asked = {
            instance["id"]: self._pool.submit(_read, instance.get("metrics"))
            for instance in self._instances
            if instance["service"] in services
        }
        readings, silent = {}, {}
        for id_, answer in asked.items():
            try:
                readings[id_] = answer.result()
            except CatenaryError as error:
                silent[id_] = str(error)
        return readings, silent


def _read(address: str | None) -> Reading:
    if address is None:
        raise ServingError("it has not said where its metrics are")
    try:
        answer = Client(f"http://{address}", SILENCE_S).send(
            "GET", names.METRICS_PATH, headers={"accept": "text/plain"}
        )
    except (SetupError, DeadlineExceeded) as error:
        raise Unavailable(f"{address} does not answer") from error
    if refused := answer.error():
        raise refused
    return read_metrics(answer.body.decode(errors="replace"), time.monotonic(), PREFIXES)
