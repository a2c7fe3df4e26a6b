"""The manager's process."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

from catenary import data, names
from catenary.address import TcpAddress, parse_address, reachable
from catenary.http import application, listening, stop_event
from catenary.http_metrics import HttpMetrics
from catenary.metrics import Metrics
from catenary.process import run_process
from manager.ads import AdsServer
from manager.api import Api
from manager.backend import backend
from manager.controller import Controller
from manager.gauges import manager_gauges
from manager.metrics import ManagerMetrics
from manager.settings import ManagerSettings
from manager.snapshot import SnapshotBuilder
from manager.standing import Standing
from manager.targets import TargetsFile
from manager.traces.kept import KeptTraces
from manager.traces.store import TraceStore
from manager.traces.zipkin import ZipkinTraces
from manager.xds.tracing import Zipkin

_BODY_BYTES = 4 * 1024 * 1024
"""Of a request to the API."""
_LOAD_S = 0.5
"""How long listening waits for the store."""


async def serve(settings: ManagerSettings) -> None:
    """Serve until TERM or INT."""
    stop = stop_event()
    standing = Standing()
    async with backend(settings, standing) as (store, registry), _traces(settings) as traces:
        chain_lua = data.chain_lua().read_text()
        builder = SnapshotBuilder(chain_lua, settings.client_timeout_s, _zipkin(settings), settings.access_log_percent)
        metrics = Metrics(names.MANAGER)
        counted = ManagerMetrics(metrics.registry)
        ads = AdsServer(builder, counted)
        controller = Controller(store, registry, standing, ads, counted, acknowledge_s=settings.acknowledge_s)
        metrics.read(partial(manager_gauges, controller))
        running = asyncio.create_task(_run(controller, settings), name="controller")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        try:
            # A store that is well has been read before the first request; one that is not keeps nobody waiting.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOAD_S):
                    await controller.loaded.wait()
            app = application(max_body_bytes=_BODY_BYTES)
            Api(controller).add_to(app)
            traces.add_to(app)
            metrics.add_to(app, through_envoy=True)
            HttpMetrics(metrics).add_to(app)
            async with (
                ads.listening(parse_address(settings.xds)),
                listening(app, parse_address(settings.listen), drain_s=2),
            ):
                await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            running.cancel()
            stopping.cancel()
            await asyncio.wait((running, stopping))


async def _run(controller: Controller, settings: ManagerSettings) -> None:
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(controller.run(), name="store and registry")
        if settings.targets_file:
            listen = parse_address(settings.listen)
            own = reachable(listen) if isinstance(listen, TcpAddress) else None
            targets = TargetsFile(settings.targets_file, own, controller.registry.instances)
            controller.changed = targets.changed
            tasks.create_task(targets.run(), name="targets")


def _zipkin(settings: ManagerSettings) -> Zipkin | None:
    return Zipkin.at(settings.zipkin, settings.trace_percent) if settings.zipkin else None


@contextlib.asynccontextmanager
async def _traces(settings: ManagerSettings) -> AsyncIterator[KeptTraces | ZipkinTraces]:
    """Where traces are read: here, or from the server that spans go to."""
    if settings.zipkin and not settings.keep_traces:
        async with ZipkinTraces.at(settings.zipkin) as traces:
            yield traces
    else:
        yield KeptTraces(TraceStore(settings.keep_traces))


def main() -> int:
    return run_process("manager", ManagerSettings, serve)
