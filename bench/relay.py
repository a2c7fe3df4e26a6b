"""The gateway that one would write by hand, to compare with: posts to each URL in turn, no limits, retries or timings.

`python bench/relay.py asyncio|uvloop <port> <url> …`
"""

from __future__ import annotations

import asyncio
import sys

import aiohttp
import uvloop
from aiohttp import web

LOOP, PORT, *URLS = sys.argv[1:]
SESSION = web.AppKey("session", aiohttp.ClientSession)


async def relay(request: web.Request) -> web.Response:
    body = await request.read()
    for url in URLS:
        async with request.app[SESSION].post(url, data=body, headers={"content-type": "application/json"}) as answer:
            body = await answer.read()
    return web.Response(body=body, content_type="application/json")


async def session(app: web.Application) -> None:
    app[SESSION] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


app = web.Application(client_max_size=1 << 30)
app.on_startup.append(session)
app.router.add_post("/{path:.*}", relay)
loop = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}[LOOP]()
web.run_app(app, host="127.0.0.1", port=int(PORT), print=None, loop=loop, access_log=None)
