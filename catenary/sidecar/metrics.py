"""`GET /metrics` of an instance: what its Envoy counts, what its app says of itself, and what the supervisor knows.

On a port of its own, which no Envoy leads to. A part that cannot be read, or not in time, leaves the others readable.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
from aiohttp import web

from catenary import names
from catenary.address import UnixAddress
from catenary.errors import Unavailable
from catenary.http import application
from catenary.node import Node
from catenary.sidecar.admin import EnvoyAdmin
from catenary.sidecar.exposition import CONTENT_TYPE, exported, gauge
from catenary.sidecar.membership import Membership

READ_S = 2.0
"""How long each part may take."""
_COMPRESSED_AT_ONCE_BYTES = 16 * 1024
"""What is larger is compressed in a thread."""


class MetricsPage:
    """Belongs to one event loop. Before `follow` the instance is not registered."""

    def __init__(self, node: Node, admin_socket: Path) -> None:
        self._node = node
        self._admin_socket = admin_socket
        self._membership: Membership | None = None

    def follow(self, membership: Membership) -> None:
        self._membership = membership

    def application(self) -> web.Application:
        app = application(max_body_bytes=1)
        app.router.add_get(names.METRICS_PATH, self._answer, allow_head=False)
        return app

    async def _answer(self, _request: web.Request) -> web.Response:
        asked = {"envoy": self._of_envoy(), "app": self._of_app()}
        found = dict(zip(asked, await asyncio.gather(*asked.values()), strict=True))
        success = {f'part="{part}"': float(text is not None) for part, text in found.items() if text != b""}
        registered = self._membership is not None and self._membership.registered
        own = gauge("catenary_sidecar_registered", "Whether the instance is in the registry.", {"": float(registered)})
        own += gauge("catenary_sidecar_scrape_success", "Whether what a part says could be read.", success)
        response = web.Response(
            body=b"".join([own, *filter(None, found.values())]),
            headers={"content-type": CONTENT_TYPE},
            zlib_executor_size=_COMPRESSED_AT_ONCE_BYTES,
        )
        response.enable_compression()
        return response

    async def _of_envoy(self) -> bytes | None:
        """None where it does not answer."""
        try:
            async with EnvoyAdmin(self._admin_socket) as admin:
                text = await admin.metrics(READ_S)
        except Unavailable:
            return None
        return await asyncio.to_thread(exported, text, gateway=self._node.role == "gateway")

    async def _of_app(self) -> bytes | None:
        """Empty where the app has no such page: one behind a port of its own, or in gRPC, is not asked. None where it
        should answer and does not."""
        if not isinstance(self._node.app, UnixAddress) or self._node.app_protocol != "http":
            return b""
        try:
            async with (
                asyncio.timeout(READ_S),
                aiohttp.ClientSession(connector=aiohttp.UnixConnector(self._node.app.path)) as http,
                http.get(f"http://app{names.METRICS_PATH}", headers={"accept": "text/plain"}) as answer,
            ):
                # Not only 404: a server that takes rows at `POST /<model>` answers 405.
                if 400 <= answer.status < 500:
                    return b""
                text = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return None
        readable = answer.status == 200 and answer.content_type == "text/plain"
        return text if readable else None
