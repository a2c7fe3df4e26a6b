"""The manager's process."""

from __future__ import annotations

import asyncio
import contextlib

from catenary import data
from catenary.address import parse_address
from catenary.http import application, listening, stop_event
from catenary.process import run_process
from catenary.store.sqlite import SqliteStore
from manager.ads import AdsServer
from manager.api import Api
from manager.controller import Controller
from manager.settings import ManagerSettings
from manager.snapshot import SnapshotBuilder
from manager.xds.tracing import Zipkin

_BODY_BYTES = 4 * 1024 * 1024
"""Of a request to the API."""


async def serve(settings: ManagerSettings) -> None:
    """Serve until TERM or INT."""
    stop = stop_event()
    store = SqliteStore(settings.state_dir / "manager.db")
    await store.open()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(store.close)
        ads = AdsServer(SnapshotBuilder(data.chain_lua().read_text(), _zipkin(settings)))
        controller = Controller(store, ads, lease_s=settings.lease_s, acknowledge_s=settings.acknowledge_s)
        await controller.load()
        running = asyncio.create_task(controller.run(), name="controller")
        stopping = asyncio.create_task(stop.wait(), name="stop")
        app = application(max_body_bytes=_BODY_BYTES)
        Api(controller).add_to(app)
        await stack.enter_async_context(ads.listening(parse_address(settings.xds)))
        await stack.enter_async_context(listening(app, parse_address(settings.listen), drain_s=2))
        try:
            await asyncio.wait((running, stopping), return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                running.result()
        finally:
            running.cancel()
            stopping.cancel()
            await asyncio.wait((running, stopping))


def _zipkin(settings: ManagerSettings) -> Zipkin | None:
    return Zipkin.at(settings.zipkin, settings.trace_percent) if settings.zipkin else None


def main() -> int:
    return run_process("manager", ManagerSettings, serve)
