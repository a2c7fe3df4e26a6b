"""One version of a model, from the repository's index entry to something that predicts."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from catenary.errors import CatenaryError, ModelBroken, PredictionFailed, Unavailable
from catenary.messages import Metadata
from runtimes.base import rows as json_rows
from runtimes.base.cache import Cache, Copy
from runtimes.base.metrics import RequestFigures
from runtimes.base.model import Model, Row, Runtime
from runtimes.base.repository import Repository

log = logging.getLogger(__name__)

DOWNLOADS = 4
"""How many models are fetched at once."""


@dataclass(frozen=True, eq=False)
class Version:
    """A loaded model and the files it came from, which stay where they are for as long as it lives."""

    metadata: Metadata
    model: Model
    copy: Copy

    def predict(self, rows: list[Row], figures: RequestFigures) -> list[Row]:
        """The model's answer, one row for each of `rows`. Blocks; several threads may call it.

        Raises InvalidInput for rows that lack a column or that the model refuses, PredictionFailed for a model that
        raises anything else or answers with anything but rows, or with more or fewer.
        """
        name = self.metadata.name
        if not rows:
            return []
        json_rows.require_columns(rows, self.model.inputs, name)
        began = time.perf_counter()
        try:
            answer = self.model.predict(rows)
        except CatenaryError:
            raise
        except (Exception, SystemExit) as error:
            raise PredictionFailed(name, f"{type(error).__name__}: {error}") from error
        finally:
            figures.predicted(len(rows), time.perf_counter() - began)
        if not isinstance(answer, list):
            raise PredictionFailed(name, f"it answered {type(answer).__name__}, not a list of rows")
        for at, row in enumerate(answer):
            if not isinstance(row, dict):
                found = type(row).__name__
                raise PredictionFailed(name, f"row {at} of its answer is {found}, not a dict of columns and values")
        if len(answer) != len(rows) and not self.model.drops_rows:
            raise PredictionFailed(name, f"it answered {len(answer)} rows to {len(rows)}")
        return answer


class Loader:
    """Makes versions. Fetches several at once, loads one at a time, off the event loop."""

    def __init__(self, runtime: Runtime, repository: Repository, cache: Cache, *, allow_code: bool) -> None:
        self._runtime = runtime
        self._repository = repository
        self._cache = cache
        self._allow_code = allow_code
        self._downloads = asyncio.Semaphore(DOWNLOADS)
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="load")

    async def load(self, name: str, version: str) -> Version:
        """The `version` of model `name`. ModelBroken: it never can be; Unavailable: not now, try again."""
        async with self._downloads:
            metadata = await self._repository.metadata(name)
            if (metadata.name, metadata.version) != (name, version):
                raise Unavailable(f"{name!r} is changing: its version is {metadata.version}, no longer {version}")
            copy = await self._cache.fetch(metadata)
        return await asyncio.get_running_loop().run_in_executor(self._pool, self._load, metadata, copy)

    async def discard(self, name: str, keep: str | None) -> None:
        """Remove the files of every version of `name` that nobody uses, but those of `keep`."""
        await self._cache.prune(name, keep)

    def _load(self, metadata: Metadata, copy: Copy) -> Version:
        try:
            if code := self._runtime.code_in(copy.folder):
                self._judge(metadata.name, code)
            return Version(metadata, self._runtime.load(copy.folder, metadata), copy)
        except ModelBroken:
            raise
        except (Exception, SystemExit) as error:
            raise ModelBroken(metadata.name, f"{type(error).__name__}: {error}") from error

    def _judge(self, name: str, code: str) -> None:
        if not self._allow_code:
            raise ModelBroken(name, f"{code} runs code of its own, which CATENARY_ALLOW_CODE=false forbids")
        log.warning("model %r: %s runs code of its own (CATENARY_ALLOW_CODE=false forbids that)", name, code)

    def close(self) -> None:
        """Load nothing more; a load under way goes on to its end."""
        self._pool.shutdown(wait=False, cancel_futures=True)
