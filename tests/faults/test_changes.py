"""Pipelines that are made, changed and deleted while requests come: what a write says holds for the next request."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from load import Load
from mesh import Handler, Mesh

from catenary import names

pytestmark = pytest.mark.asyncio(loop_scope="module")

TIMES = 1_000
CHANGES = 50


def adds(name: str) -> Handler:
    """A step that adds its name to what was done to each row."""

    async def answer(request: web.Request) -> web.Response:
        return web.json_response([{"done": [*row["done"], name]} for row in await request.json()])

    return answer


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh() -> AsyncIterator[Mesh]:
    async with Mesh() as mesh:
        for name in ("old", "new"):
            await mesh.step(name, adds(name))
        yield mesh


async def test_a_pipeline_is_served_as_soon_as_it_is_made_and_gone_as_soon_as_it_is_deleted(
    mesh: Mesh, record_property: Any
) -> None:
    wrong: Counter[str] = Counter()
    begun = time.monotonic()
    for number in range(TIMES):
        name = f"quick-{number}"
        await mesh.pipeline(name, "old/m", "new/m")
        async with mesh.session.post(mesh.serve_url(name), json=[{"done": []}]) as answer:
            wrong[f"made: {answer.status}"] += answer.status != 200
        async with mesh.session.delete(f"{mesh.manager_url}{names.PIPELINES_PATH}/{name}") as answer:
            assert answer.status == 200
        async with mesh.session.post(mesh.serve_url(name), json=[{"done": []}]) as answer:
            wrong[f"deleted: {answer.status}"] += answer.status != 404
    record_property("made, served, deleted and gone", {"times": TIMES, "took_s": round(time.monotonic() - begun, 1)})
    assert +wrong == Counter()


async def test_each_answer_of_a_pipeline_that_is_changed_is_wholly_old_or_wholly_new(
    mesh: Mesh, record_property: Any
) -> None:
    whole = {word: [word] * 3 for word in ("old", "new")}
    seen: Counter[str] = Counter()

    def is_whole(rows: Any) -> bool:
        (row,) = rows
        seen[row["done"][0]] += 1
        return row["done"] in whole.values()

    def chain(word: str) -> list[str]:
        return [f"{word}/m"] * 3

    await mesh.pipeline("changed", *chain("old"))
    async with Load([mesh.serve_url("changed")], [{"done": []}], right=is_whole, clients=8) as load:
        for number in range(CHANGES):
            word = ("new", "old")[number % 2]
            await mesh.pipeline("changed", *chain(word))
            async with mesh.session.post(mesh.serve_url("changed"), json=[{"done": []}]) as answer:
                assert await answer.json() == [{"done": whole[word]}], "what was written is served at once"
            await load.answers(8)
    record_property("changed under load", {"changes": CHANGES, "answers": dict(seen), "wrong": len(load.failures)})
    assert load.failures == []
    assert min(seen["old"], seen["new"]) > CHANGES
