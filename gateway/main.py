"""The process of the gateway's app."""

from __future__ import annotations

import asyncio
import sys

import aiohttp

from catenary import logs, names
from catenary.address import parse_address
from catenary.errors import SetupError
from catenary.http import application, listening, stop_event
from catenary.settings import read_settings
from gateway.fallback import Fallback, PipelineNames
from gateway.settings import GatewaySettings


async def serve(settings: GatewaySettings) -> None:
    """Serve until TERM or INT."""
    stop = stop_event()
    app = application(max_body_bytes=names.DEFAULT_BODY_BYTES)
    async with aiohttp.ClientSession() as session:
        Fallback(PipelineNames(session, settings.manager)).add_to(app)
        async with listening(app, parse_address(settings.listen)):
            await stop.wait()


def main() -> int:
    """Exit status: 0 stopped, 2 the settings are not right."""
    try:
        settings = read_settings(GatewaySettings)
        logs.configure("gateway", settings.log_level, settings.log_format)
        asyncio.run(serve(settings))
    except SetupError as error:
        print(f"gateway: {error}", file=sys.stderr)  # noqa: T201
        return 2
    return 0
