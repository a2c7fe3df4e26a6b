"""Changes of all kinds, many at once: the gateway keeps up, and what a write says holds."""

from __future__ import annotations

import asyncio
import random

from aiohttp import web
from mesh import Mesh

from catenary import names

STORM_S = 6.0


async def _ok(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response([])


async def test_no_change_is_held_up_by_others_before_or_after_it() -> None:
    """A cluster that is gone again before Envoy has its endpoints must not stall what comes later."""
    chance = random.Random(7)
    async with Mesh(lease_s=1.0) as mesh:
        await mesh.step("steady", _ok)
        await mesh.pipeline("steady", "steady/m")
        clock = asyncio.get_running_loop().time

        async def replace() -> str:
            chain = [f"s{chance.randrange(12)}/m" for _ in range(chance.randint(1, 3))]
            return str((await mesh.pipeline(f"p{chance.randrange(4)}", *chain))["state"])

        async def delete() -> str:
            url = f"{mesh.manager_url}{names.PIPELINES_PATH}/p{chance.randrange(4)}"
            async with mesh.session.delete(url) as answer:
                return str((await answer.json()).get("state"))

        async def register() -> str:
            service = f"s{chance.randrange(6)}"
            address = f"127.0.0.1:{chance.randint(1, 20)}"
            await mesh.register({"id": f"i{chance.randrange(8)}", "service": service, "address": address})
            return ""

        async def call() -> str:
            async with mesh.session.post(mesh.serve_url("steady"), json=[]) as answer:
                return str(answer.status)

        seen: list[str] = []
        end = clock() + STORM_S
        while clock() < end:
            changes = chance.choices([replace, delete, register, call], [5, 2, 3, 2], k=chance.randint(1, 4))
            seen += await asyncio.gather(*(change() for change in changes))
        assert len(seen) > 200
        assert "pending" not in seen
        assert {status for status in seen if status.isdecimal()} == {"200"}
