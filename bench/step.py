"""The trivial step of the benchmarks: answers what it is sent. `python bench/step.py <socket>`."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), content_type="application/json")


app = web.Application(client_max_size=1 << 30)
app.router.add_post("/{path:.*}", echo)
web.run_app(app, path=sys.argv[1], print=None, loop=uvloop.new_event_loop(), access_log=None)
