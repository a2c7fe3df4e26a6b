"""The core of a runtime: takes the name of a model and a body, gives the answer's body. Knows no transport."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial
from typing import Literal

from catenary import logs
from catenary.errors import PredictionFailed, Unavailable
from catenary.messages import LoadedModel
from runtimes.base import rows as json_rows
from runtimes.base.deadline import Deadline
from runtimes.base.metrics import RequestFigures, RuntimeMetrics
from runtimes.base.models import Models
from runtimes.base.progress import Progress, Stage
from runtimes.base.version import Version
from runtimes.base.watch import IndexWatch
from runtimes.base.workers import Workers

LOAD_TIMEOUT_S = 10.0
"""How long a request without a deadline waits for a model that is being loaded."""


class Serving:
    """Belongs to one event loop; does not own its parts."""

    def __init__(
        self, repository_url: str, models: Models, watch: IndexWatch, workers: Workers, metrics: RuntimeMetrics
    ) -> None:
        self.metrics = metrics
        self._repository_url = repository_url
        self._models = models
        self._watch = watch
        self._workers = workers

    async def predict(self, body: bytes, deadline: Deadline, progress: Progress) -> bytes:
        """The answer of the model that `progress` names to the rows in `body`; writes down there how it goes.

        If the caller is cancelled, what has not begun never does.
        Raises NotFound, ModelBroken or Unavailable where there is no such model to ask, Overloaded or DeadlineExceeded
        where there is no time for it, MalformedRequest, InvalidInput or PredictionFailed as the rows and the model are.
        """
        name = progress.model
        logs.model.set(name)
        with self.metrics.request(progress) as figures:
            version = self._models.served(name)
            if version is None:
                with progress.stage("load"):
                    version = await self._missing(name, deadline)
            progress.version = version.metadata.version
            queued = progress.stage("queue")
            figures.waits(queued)
            return await self._workers.run(partial(_answer, version, body, progress, queued, figures), deadline)

    async def describe(self, name: str) -> dict[str, object]:
        """What there is to say of model `name`; raises as `predict` does where there is none."""
        version = self._models.served(name) or await self._missing(name, Deadline(LOAD_TIMEOUT_S))
        return _description(version)

    def described(self) -> list[dict[str, object]]:
        """What there is to say of each model that is served."""
        served = (self._models.served(state.name) for state in self._models.states())
        return [_description(version) for version in served if version]

    def health(self) -> tuple[Literal["ready", "starting"], str, list[LoadedModel]]:
        """Whether every model of the first index has been loaded or found broken; else what it waits for."""
        waiting_for = self._models.waiting_for()
        models = self._models.states()
        if waiting_for is None:
            return "starting", f"the repository at {self._repository_url}{_because(self._watch.away)}", models
        if waiting_for:
            return "starting", f"the models {', '.join(waiting_for)}{_because(self._watch.away)}", models
        return "ready", "", models

    async def _missing(self, name: str, deadline: Deadline) -> Version:
        """The version of `name`, which was not there a moment ago."""
        limit = Deadline(LOAD_TIMEOUT_S) if deadline.timeout_s is None else deadline
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(limit.left_s()):
                await self._watch.refresh()
        if self._models.waiting_for() is None:
            raise Unavailable(f"the repository at {self._repository_url} is needed to find model {name!r}")
        return await self._models.wait_for(name, limit)


def _answer(version: Version, body: bytes, progress: Progress, queued: Stage, figures: RequestFigures) -> bytes:
    queued.end()
    with progress.stage("decode"):
        rows = json_rows.decode(body)
    progress.rows = len(rows)
    with progress.stage("predict"):
        answer = version.predict(rows, figures)
    with progress.stage("serialise"):
        try:
            return json_rows.encode(answer)
        except (TypeError, RecursionError) as error:
            json_rows.require_shallow(body)
            raise PredictionFailed(version.metadata.name, f"its answer is not JSON: {error}") from error


def _description(version: Version) -> dict[str, object]:
    return {
        "name": version.metadata.name,
        "runtime": version.metadata.runtime,
        "version": version.metadata.version,
        "inputs": version.model.inputs,
        "outputs": version.model.outputs,
        "schema": version.model.schema,
    }


def _because(reason: str) -> str:
    return f" ({reason})" if reason else ""
