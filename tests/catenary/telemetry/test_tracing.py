"""The tracer of a process, with the collectors that its settings name."""

from __future__ import annotations

from aiohttp import web

from catenary.address import TcpAddress, free_port
from catenary.http import application, listening
from catenary.telemetry.tracing import tracing


async def test_both_collectors_have_every_span_when_the_process_ends() -> None:
    taken: list[str] = []

    async def take(request: web.Request) -> web.Response:
        assert "mine-1" in await request.text() or request.path == "/api/v2/spans"
        taken.append(request.path)
        return web.Response(status=202)

    app = application(max_body_bytes=1 << 20)
    app.router.add_post("/{path:.*}", take)
    address = TcpAddress("127.0.0.1", free_port())
    async with listening(app, address, drain_s=0):
        async with tracing("mine", "mine-1", zipkin=f"http://{address}", otlp=f"http://{address}/own/path") as traced:
            traced.tracer.start_span("last").end()
        assert sorted(taken) == ["/api/v2/spans", "/own/path"]
