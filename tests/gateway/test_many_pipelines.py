"""Ten thousand pipelines: any of them is served, changed and deleted, and none beside it notices."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from aiohttp import web
from mesh import Mesh, until
from rounds import resident_mb

from catenary import names
from catenary.messages import Pipeline
from catenary.store.sqlite import SqliteStore

PIPELINES = 10_000
CHANGES = 3
FIRST, MIDDLE, LAST = (f"p{number:05}" for number in (0, PIPELINES // 2, PIPELINES - 1))


async def _path(request: web.Request) -> web.Response:
    await request.read()
    return web.json_response([request.path])


async def _store_pipelines(mesh: Mesh) -> None:
    """Where the manager, which does not run, will find them."""
    store = SqliteStore(mesh.folder / "state" / "manager.db")
    await store.open()

    async def put(number: int) -> None:
        pipeline = Pipeline.model_validate({"name": f"p{number:05}", "chain": [f"step/m{number:05}"]})
        await store.put(f"catenary/pipelines/{pipeline.name}", pipeline.model_dump_json().encode())

    await asyncio.gather(*map(put, range(PIPELINES)))
    await store.close()


async def test_any_of_ten_thousand_pipelines_is_served_changed_and_deleted(
    record_property: Callable[[str, object], None],
) -> None:
    async with Mesh(lease_s=300) as mesh:
        assert mesh.manager
        await mesh.manager.stop()
        await _store_pipelines(mesh)
        await mesh.start_manager()
        await mesh.step("step", _path)

        async def ask(pipeline: str) -> Any:
            async with mesh.session.post(mesh.serve_url(pipeline), json=[]) as answer:
                return await answer.json() if answer.status == 200 else answer.status

        async def are_served() -> bool:
            return await asyncio.gather(*map(ask, (FIRST, MIDDLE, LAST))) == [["/m00000"], ["/m05000"], ["/m09999"]]

        await until(are_served, "the gateway knows the pipelines and their step")
        async with mesh.session.get(mesh.manager_url + names.PIPELINES_PATH) as answer:
            assert len(await answer.json()) == PIPELINES

        before = _resident_mb(mesh)
        for change in range(1, CHANGES + 1):
            await mesh.pipeline(MIDDLE, f"step/change-{change}")
        await until(lambda: _is(ask(MIDDLE), [f"/change-{CHANGES}"]), "the last change is in effect")
        after = _resident_mb(mesh)
        async with mesh.session.delete(f"{mesh.manager_url}{names.PIPELINES_PATH}/{MIDDLE}") as answer:
            assert answer.status == 200
        await until(lambda: _is(ask(MIDDLE), 404), "the pipeline is gone")
        await mesh.pipeline("one-more", "step/m")
        await until(lambda: _is(ask("one-more"), ["/m"]), "one more is served")
        assert await asyncio.gather(*map(ask, (FIRST, LAST))) == [["/m00000"], ["/m09999"]]

        record_property("resident_mb", {"before": before, "after": after})
        print(f"\n{PIPELINES} pipelines, MB resident: {before}, after {CHANGES} changes {after}")


def _resident_mb(mesh: Mesh) -> dict[str, int]:
    assert mesh.manager
    assert mesh.gateway
    processes = {"manager": mesh.manager, "gateway": mesh.gateway}
    return {name: round(resident_mb(process.child.pid)) for name, process in processes.items()}


async def _is(asked: Any, expected: object) -> bool:
    return bool(await asked == expected)
