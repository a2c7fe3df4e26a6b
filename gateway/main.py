"""The process of the gateway's app."""

from __future__ import annotations

import aiohttp

from catenary import names
from catenary.address import parse_address
from catenary.http import application, listening, stop_event
from catenary.http_metrics import HttpMetrics
from catenary.metrics import Metrics
from catenary.process import run_process
from catenary.settings import urls
from gateway.fallback import Fallback, Pipelines
from gateway.settings import GatewaySettings


async def serve(settings: GatewaySettings) -> None:
    """Serve until TERM or INT."""
    stop = stop_event()
    app = application(max_body_bytes=names.DEFAULT_BODY_BYTES)
    metrics = Metrics(names.GATEWAY)
    metrics.add_to(app)
    HttpMetrics(metrics).add_to(app)
    async with aiohttp.ClientSession() as session:
        Fallback(Pipelines(session, urls(settings.manager))).add_to(app)
        async with listening(app, parse_address(settings.listen)):
            await stop.wait()


def main() -> int:
    return run_process("gateway", GatewaySettings, serve)
