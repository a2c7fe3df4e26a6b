"""An app for tests: does what the file named by its argument says, and notes what it was asked in `<file>.asked`.

The file holds JSON: the `status` and `models` of its health; `exit`: the status to end with; `answers`: what it does
with rows at `/model` after `delay_s`: without a word it adds its folder's name to `by` in each; or `503`, `close`,
`garbage`, `nothing`; `metrics`: what it answers there, without which it has no such page. `/hold` answers when
`/release` is asked. Each line of `<file>.asked` is a path and when it was asked, on the system's monotonic clock.
"""

import asyncio
import json
import os
import signal
import sys
import time
from pathlib import Path

from aiohttp import web

from catenary.address import UnixAddress, parse_address

STATE = Path(sys.argv[1])
ASKED = STATE.with_suffix(".asked")


async def main() -> None:
    stop, released = asyncio.Event(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    worker = await asyncio.create_subprocess_exec(sys.executable, "-c", "import signal; signal.pause()")

    def note(request: web.Request) -> None:
        with ASKED.open("a") as file:
            file.write(f"{request.path} {time.monotonic()}\n")

    async def health(request: web.Request) -> web.Response:
        note(request)
        state = json.loads(STATE.read_text())
        if "exit" in state:
            os._exit(state["exit"])
        return web.json_response({"models": state.get("models"), "waiting_for": "the test"}, status=state["status"])

    async def hold(request: web.Request) -> web.Response:
        note(request)
        await released.wait()
        return web.Response(text="held")

    async def release(request: web.Request) -> web.Response:
        released.set()
        return web.Response()

    async def told(request: web.Request) -> web.Response:
        return web.json_response(dict(os.environ))

    async def metrics(request: web.Request) -> web.Response:
        return web.Response(**json.loads(STATE.read_text()).get("metrics", {"status": 404}))

    async def rows(request: web.Request) -> web.Response:
        note(request)
        asked = await request.json()
        assert request.transport
        state = json.loads(STATE.read_text())
        await asyncio.sleep(state.get("delay_s", 0))
        match state.get("answers", "rows"):
            case "503":
                return web.Response(status=503, text="not now")
            case "close":
                request.transport.abort()
            case "garbage":
                request.transport.write(b"\0no HTTP at all\r\n\r\n")
                request.transport.close()
            case "nothing":
                await stop.wait()
        return web.json_response([{**row, "by": [*row.get("by", ()), STATE.parent.name]} for row in asked])

    app = web.Application()
    app.add_routes([web.get("/health", health), web.route("*", "/hold", hold), web.get("/release", release)])
    app.add_routes([web.get("/environment", told), web.post("/model", rows), web.get("/metrics", metrics)])
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    address = parse_address(os.environ["CATENARY_LISTEN"])
    assert isinstance(address, UnixAddress)
    await web.UnixSite(runner, address.path).start()
    await stop.wait()
    await runner.cleanup()
    worker.kill()
    await worker.wait()


asyncio.run(main())
