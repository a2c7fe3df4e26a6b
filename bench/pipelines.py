"""What many pipelines cost: the gateway's CPU a request, and how long a change takes to be in effect.

A manager and a gateway for each number of pipelines, all before the same two steps. A change gives a pipeline other
models; its time is from the write until a request has been answered by them.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from contextlib import AsyncExitStack

from echo_mesh import Echo, EchoMesh
from rounds import Figures, Measure, Variant, parser, resident_mb, run

from catenary import names
from catenary.messages import Pipeline
from catenary.store.sqlite import SqliteStore

CHANGES = 5
"""In a round, of each number of pipelines."""
CONNECTIONS = 16


async def store_pipelines(mesh: EchoMesh, number: int) -> str:
    """Put so many pipelines where the manager, which does not run yet, will find them; the name of the middle one."""
    store = SqliteStore(mesh.folder / "state" / "manager.db")
    await store.open()
    for i in range(number):
        pipeline = Pipeline.model_validate({"name": f"p{i:05}", "chain": ["first/m", "second/m"]})
        await store.put(f"catenary/pipelines/{pipeline.name}", pipeline.model_dump_json().encode())
    await store.close()
    return f"p{number // 2:05}"


class Change:
    """Changes of one pipeline, each to models of other names."""

    def __init__(self, mesh: EchoMesh, pipeline: str) -> None:
        self._mesh = mesh
        self._pipeline = pipeline
        self._done = 0

    async def measure(self) -> dict[str, float]:
        """Milliseconds, the mean of some changes."""
        began = time.perf_counter()
        for _ in range(CHANGES):
            await self._change()
        return {"change in effect, ms": (time.perf_counter() - began) / CHANGES * 1e3}

    async def _change(self) -> None:
        self._done += 1
        model = f"m{self._done}"
        await self._mesh.pipeline(self._pipeline, f"first/{model}", f"second/{model}")
        while True:
            answer = await self._mesh.ask(self._mesh.serve_url(self._pipeline))
            if f"{model};dur=" in answer.headers[names.SERVER_TIMING]:
                return


async def measure(options: argparse.Namespace) -> list[Figures]:
    requests = Figures("Many pipelines: a request at 16 connections", "pipelines")
    changes = Figures("Many pipelines: a change", "pipelines")
    loads: dict[tuple[int], Measure] = {}
    writes: dict[tuple[int], Measure] = {}
    meshes: dict[int, EchoMesh] = {}
    steps: list[Echo] = []
    async with AsyncExitStack() as stack:
        for number in options.numbers:
            mesh = EchoMesh()
            pipeline = await store_pipelines(mesh, number)
            meshes[number] = await stack.enter_async_context(mesh)
            if not steps:
                steps = [await mesh.echo(name) for name in ("first", "second")]
            for step in steps:
                await mesh.join(step.instance)
            url = mesh.serve_url(pipeline)
            await mesh.until_echoes(url)
            assert mesh.gateway
            variant = Variant(pipeline, [url], {"gateway": mesh.gateway.child.pid})
            loads[(number,)] = lambda v=variant, b=mesh.body: v.measure(CONNECTIONS, options.seconds, b)
            writes[(number,)] = Change(mesh, pipeline).measure
        await requests.measure(options.rounds, loads)
        await changes.measure(options.rounds, writes)
        for number, mesh in meshes.items():
            requests.add((number,), resident(mesh))
    least, *more = loads
    for case in more:
        cpu = requests.ratio("gateway CPU, µs", case, least)
        requests.remarks.append(f"{case[0]} pipelines, to {least[0]}: {cpu} of the gateway's CPU")
    return [requests, changes]


def resident(mesh: EchoMesh) -> Mapping[str, float]:
    assert mesh.gateway
    assert mesh.manager
    processes = {"gateway": mesh.gateway, "manager": mesh.manager}
    return {f"{name}, MB resident": resident_mb(process.child.pid) for name, process in processes.items()}


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--numbers", type=int, nargs="+", default=[1, 1_000, 10_000], help="default: %(default)s")
    run(options.parse_args(), measure)
