"""What happened between two readings of a process's metrics: rates from its counters, quantiles from its histograms.

Owns the arithmetic and nothing else: it asks nobody, and knows no metric by its name. A series that is there for the
first time counts from 0, as a counter of a process that was read before has begun since then.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from prometheus_client.parser import text_string_to_metric_families

from catenary.errors import ServingError


class Series(NamedTuple):
    """A sample's name and its labels, sorted."""

    name: str
    labels: tuple[tuple[str, str], ...]

    def get(self, label: str) -> str:
        """The label's value; empty, as Prometheus has it, where there is no such label."""
        return dict(self.labels).get(label, "")


@dataclass(frozen=True, slots=True)
class Reading:
    """The counters of a process at `time_s` of a steady clock."""

    time_s: float
    counters: Mapping[Series, float]


def read_metrics(text: str, time_s: float, prefixes: Iterable[str]) -> Reading:
    """The samples in Prometheus's text format whose names begin with one of `prefixes`.

    Raises ServingError if what is said there is not in that format.
    """
    wanted = tuple(prefixes)
    counters = {}
    try:
        for line in text.split("\n"):
            if line.startswith(wanted):
                labelled, brace, rest = line.rpartition("}")
                name, value, *_ = [labelled + brace, *rest.split()] if brace else line.split()
                counters[_series(name)] = float(value)
    except ValueError as error:
        raise ServingError(f"the metrics are not in Prometheus's text format: {error}") from error
    return Reading(time_s, counters)


# A mesh has the same series at every reading, and parsing is slow.
@lru_cache(maxsize=200_000)
def _series(labelled: str) -> Series:
    """What stands before a sample's value. Raises ValueError."""
    ((sample,),) = (family.samples for family in text_string_to_metric_families(f"{labelled} 0\n"))
    float(sample.labels.get("le", 0))  # A bound is a number.
    return Series(sample.name, tuple(sorted(sample.labels.items())))


def rates(before: Reading, after: Reading) -> dict[Series, float]:
    """By how much each counter of `after` has grown a second. One that is less than it was has begun again, at 0."""
    elapsed_s = after.time_s - before.time_s
    grown = {}
    for series, value in after.counters.items():
        was = before.counters.get(series, 0.0)
        grown[series] = (value - was if value >= was else value) / elapsed_s
    return grown


def quantile(q: float, buckets: Mapping[float, float]) -> float | None:
    """The value under which a share `q` (0 to 1) of what was observed lies, between the two bounds where it must be.

    `buckets`: how much was observed up to each upper bound, infinity among them. None where nothing was observed, or
    in one bucket only. As `histogram_quantile` of Prometheus 2.42 (`promql/quantile.go`, bucketQuantile): linear
    within a bucket, whose lower bound is 0 in the first; what is beyond the last finite bound is that bound.
    """
    bounds = sorted(buckets)
    if len(bounds) < 2 or bounds[-1] != math.inf or not buckets[math.inf] > 0:
        return None
    counts: list[float] = []
    for bound in bounds:
        # Sums of rates may lack a hair's breadth: a bucket holds what the one before it does.
        counts.append(max(buckets[bound], counts[-1] if counts else 0.0))
    rank = q * counts[-1]
    at = next(position for position, count in enumerate(counts) if count >= rank)
    if at == len(bounds) - 1:
        return bounds[-2]
    if at == 0 and bounds[0] <= 0:
        return bounds[0]
    start, below = (bounds[at - 1], counts[at - 1]) if at else (0.0, 0.0)
    within = counts[at] - below
    return start + (bounds[at] - start) * ((rank - below) / within) if within else start
