"""The process of a runtime: settings, logs, the parts and their end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import aiohttp

from catenary import names
from catenary.address import parse_address
from catenary.http import listening, stop_event
from catenary.metrics import Metrics
from catenary.process import run_process
from runtimes.base.api import runtime_app
from runtimes.base.cache import Cache
from runtimes.base.gauges import model_gauges, worker_gauges
from runtimes.base.metrics import RuntimeMetrics
from runtimes.base.model import Runtime
from runtimes.base.models import Models
from runtimes.base.repository import Repository
from runtimes.base.serving import Serving
from runtimes.base.settings import RuntimeSettings
from runtimes.base.spans import Spans
from runtimes.base.version import Loader
from runtimes.base.watch import IndexWatch
from runtimes.base.workers import Workers


def run(runtime: Runtime) -> int:
    """Serve the models of `runtime` until TERM or INT. The exit status; 2 if the settings or the machine are wrong."""
    return run_process(_name(runtime), RuntimeSettings, partial(_serve, runtime))


@contextlib.asynccontextmanager
async def serving(runtime: Runtime, settings: RuntimeSettings) -> AsyncIterator[Serving]:
    """The core with its parts at work, for as long as the block lasts; it listens nowhere."""
    async with aiohttp.ClientSession() as session:
        repository = Repository(settings.repository, session)
        cache = Cache(settings.cache / runtime.type, repository)
        loader = Loader(runtime, repository, cache, allow_code=settings.allow_code)
        metrics = RuntimeMetrics(Metrics(_name(runtime)))
        models = Models(runtime.type, settings.model_names, loader, metrics)
        watch = IndexWatch(repository, models)
        workers = Workers(settings.threads, settings.waiting)
        metrics.metrics.read(lambda: [*model_gauges(models.states()), *worker_gauges(workers)])
        watching = asyncio.create_task(watch.run(), name="watch the index")
        try:
            yield Serving(settings.repository, models, watch, workers, metrics)
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await models.close()
            workers.close()
            loader.close()


@contextlib.asynccontextmanager
async def telling(runtime: Runtime, settings: RuntimeSettings) -> AsyncIterator[Spans]:
    """The spans of what is served inside the block; without a collector there are none."""
    if not (settings.zipkin or settings.otlp):
        yield Spans(runtime.type, None)
        return
    # OpenTelemetry's SDK takes a tenth of a second and 10 MB.
    from catenary.telemetry.tracing import tracing

    service = settings.service or names.SERVICE_OF_TYPE.get(runtime.type, runtime.type)
    async with tracing(service, settings.instance, zipkin=settings.zipkin, otlp=settings.otlp) as traced:
        yield Spans(runtime.type, traced)


async def _serve(runtime: Runtime, settings: RuntimeSettings) -> None:
    stop = stop_event()
    address = parse_address(settings.listen)
    async with (
        telling(runtime, settings) as spans,
        serving(runtime, settings) as core,
        listening(runtime_app(core, settings.body_bytes, spans), address),
    ):
        await stop.wait()


def _name(runtime: Runtime) -> str:
    return names.SERVICE_OF_TYPE.get(runtime.type, runtime.type)
