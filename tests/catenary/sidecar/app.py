"""An app for tests: does what the file named by its argument says, and notes what it was asked in `<file>.asked`.

The file holds JSON: the `status` and `models` of its health; `exit`: the status to end with. `/hold` answers when
`/release` is asked.
"""

import asyncio
import json
import os
import signal
import sys
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
            file.write(f"{request.path}\n")

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

    async def rows(request: web.Request) -> web.Response:
        return web.json_response(await request.json())

    app = web.Application()
    app.add_routes([web.get("/health", health), web.get("/hold", hold), web.get("/release", release)])
    app.add_routes([web.get("/environment", told), web.post("/model", rows)])
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
