"""The trivial step of the benchmarks: answers what it is sent. `python bench/step.py <socket> <port>`, on both."""

from __future__ import annotations

import sys

import uvloop
from aiohttp import web


async def echo(request: web.Request) -> web.Response:
    return web.Response(body=await request.read(), content_type="application/json")


app = web.Application(client_max_size=1 << 30)
app.router.add_post("/{path:.*}", echo)
loop = uvloop.new_event_loop()
web.run_app(app, path=sys.argv[1], host="127.0.0.1", port=int(sys.argv[2]), print=None, loop=loop, access_log=None)
