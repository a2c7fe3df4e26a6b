"""What a runtime counts as it happens: requests, rows, calls of predict, loads. What is the case: see `gauges`.

Labels name models of the index, versions that are served, and callers up to a bound; the series of what is gone go.
"""

from __future__ import annotations

import time
from asyncio import CancelledError
from types import TracebackType
from typing import Literal, Self, get_args

from prometheus_client import Counter, Histogram

from catenary.errors import DeadlineExceeded, NotFound, Overloaded, RequestError, Unavailable
from catenary.metrics import DURATION_BUCKETS_S, Bounded, Metrics
from runtimes.base.caller import Caller
from runtimes.base.progress import Progress, Stage

_FEW_ROWS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
ROWS_BUCKETS = (*_FEW_ROWS, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000)

LoadOutcome = Literal["ok", "broken", "unavailable"]

# The first that fits; what is none of them is the model's fault.
_OUTCOMES = (
    (NotFound, "unknown_model"),
    (RequestError, "invalid"),
    (Overloaded, "overloaded"),
    (DeadlineExceeded, "deadline"),
    (Unavailable, "unavailable"),
    (CancelledError, "cancelled"),
)


class RuntimeMetrics:
    """Belongs to one event loop; only what is said to happen on a thread may be counted there."""

    def __init__(self, metrics: Metrics) -> None:
        self.metrics = metrics
        registry = metrics.registry
        self.requests = Counter(
            "catenary_model_requests",
            "Requests for predictions, by who asked and what became of them.",
            ["pipeline", "step", "model", "version", "outcome"],
            registry=registry,
        )
        self.rows = Counter(
            "catenary_model_rows",
            "Rows of the requests that were answered.",
            ["pipeline", "step", "model", "version"],
            registry=registry,
        )
        self.predict_duration = Histogram(
            "catenary_model_predict_duration_seconds",
            "How long each call of a model's predict took.",
            ["model", "version"],
            registry=registry,
            buckets=DURATION_BUCKETS_S,
        )
        self.batch_rows = Histogram(
            "catenary_model_batch_rows",
            "Rows of each call of a model's predict.",
            ["model", "version"],
            registry=registry,
            buckets=ROWS_BUCKETS,
        )
        self.queue_duration = Histogram(
            "catenary_model_queue_duration_seconds",
            "How long requests waited for a thread, also those that gave up.",
            ["model"],
            registry=registry,
            buckets=DURATION_BUCKETS_S,
        )
        self._loads = Counter(
            "catenary_model_loads", "Attempts to load a version.", ["model", "outcome"], registry=registry
        )
        self._load_duration = Histogram(
            "catenary_model_load_duration_seconds",
            "How long loads that succeeded took, with the download of the files.",
            ["model"],
            registry=registry,
            buckets=DURATION_BUCKETS_S,
        )
        self._of_versions = (self.requests, self.rows, self.predict_duration, self.batch_rows)
        self._figures: dict[str, list[VersionFigures]] = {}
        """By model: of the version that is served and of the one before it, so that its last counts are scraped."""
        self.callers = Bounded()

    def expected(self, model: str) -> None:
        """The index has this model."""
        self._figures[model] = []
        for outcome in get_args(LoadOutcome):
            self._loads.labels(model, outcome)

    def gone(self, model: str) -> None:
        """The index has it no longer."""
        for figures in self._figures.pop(model):
            figures.dropped = True
        for family in (*self._of_versions, self.queue_duration, self._loads, self._load_duration):
            family.remove_by_labels({"model": model})

    def served(self, model: str, version: str) -> None:
        """Requests for `model` go to `version` from now on."""
        known = self._figures[model]
        again = next((figures for figures in known if figures.version == version), None)
        if again:
            known.remove(again)
        known.append(again or VersionFigures(self, model, version))
        if len(known) > 2:
            self._drop(known.pop(0))

    def loaded(self, model: str, outcome: LoadOutcome, duration_s: float) -> None:
        """An attempt to load `model` has ended."""
        self._loads.labels(model, outcome).inc()
        if outcome == "ok":
            self._load_duration.labels(model).observe(duration_s)

    def request(self, progress: Progress) -> RequestFigures:
        """A context manager around a request, which counts its outcome."""
        return RequestFigures(self, progress)

    def of(self, model: str) -> VersionFigures:
        """The figures of the version of `model` that is served."""
        return self._figures[model][-1]

    def without_version(self, model: str, caller: Caller, outcome: str) -> None:
        """A request has ended with `outcome` before there was a version to ask."""
        known = model if model in self._figures else ""
        self.requests.labels(*self.callers(*caller), known, "", outcome).inc()

    def _drop(self, figures: VersionFigures) -> None:
        figures.dropped = True
        for family in self._of_versions:
            family.remove_by_labels({"model": figures.model, "version": figures.version})


class VersionFigures:
    """The series of one version, looked up once: a look-up costs more than counting."""

    def __init__(self, of: RuntimeMetrics, model: str, version: str) -> None:
        self.model = model
        self.version = version
        self.dropped = False
        """Whether its series are gone: a request that ends after that must not bring them back."""
        self.queue_duration = of.queue_duration.labels(model)
        self._predict_duration = of.predict_duration.labels(model, version)
        self._batch_rows = of.batch_rows.labels(model, version)
        self._of = of
        self._requests: dict[tuple[Caller, str], Counter] = {}
        self._rows: dict[Caller, Counter] = {}

    def predicted(self, n_rows: int, duration_s: float) -> None:
        """On a thread: a call of predict has ended, well or not."""
        self._predict_duration.observe(duration_s)
        self._batch_rows.observe(n_rows)

    def ended(self, caller: Caller, outcome: str, n_rows: int) -> None:
        """A request has ended; `n_rows` of it were answered."""
        if self.dropped:
            return
        requests = self._requests.get((caller, outcome))
        if requests is None:
            caller = Caller(*self._of.callers(*caller))
            requests = self._of.requests.labels(*caller, self.model, self.version, outcome)
            self._requests[caller, outcome] = requests
        requests.inc()
        if n_rows:
            rows = self._rows.get(caller)
            if rows is None:
                caller = Caller(*self._of.callers(*caller))
                rows = self._rows[caller] = self._of.rows.labels(*caller, self.model, self.version)
            rows.inc(n_rows)


class RequestFigures:
    """One request: what is learnt of it on the way, counted at its end."""

    def __init__(self, metrics: RuntimeMetrics, progress: Progress) -> None:
        self._metrics = metrics
        self._progress = progress
        self._figures: VersionFigures | None = None
        self._queued: Stage | None = None
        self._n_rows = 0

    def waits(self, queued: Stage) -> None:
        """The version is there, and a thread is what the request waits for."""
        self._figures = self._metrics.of(self._progress.model)
        self._queued = queued

    def predicted(self, n_rows: int, duration_s: float) -> None:
        """On its thread: the call of predict has ended, well or not."""
        self._n_rows = n_rows
        if self._figures:
            self._figures.predicted(n_rows, duration_s)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        outcome = "ok" if error is None else outcome_of(error)
        model, caller = self._progress.model, self._progress.caller
        if self._figures is None or self._queued is None:
            self._metrics.without_version(model, caller, outcome)
            return
        if outcome != "overloaded":
            until_ns = self._queued.ended_ns or time.monotonic_ns()
            self._figures.queue_duration.observe((until_ns - self._queued.began_ns) / 1e9)
        self._figures.ended(caller, outcome, self._n_rows if error is None else 0)


def outcome_of(error: BaseException) -> str:
    """What became of a request that ended with `error`."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), "failed")
