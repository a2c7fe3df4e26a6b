"""What length and size cost: chains of 1 to 32 trivial steps, and bodies of 1 kB to 64 MB through two.

Bodies go one at a time. A peak is the most that a process had resident in the first round, whose bodies only grow: a
process that has given nothing back since a smaller body is not larger for it.
"""

from __future__ import annotations

import argparse
import time
from itertools import pairwise

from echo_mesh import Echo, EchoMesh
from rounds import MB, Figures, Measure, Variant, forget_peak, parser, resident_mb, run

CONNECTIONS = 16
LENGTHS = [1, 2, 4, 8, 16, 32]
BODIES = [1_000, 10_000, 100_000, 1_000_000, 8_000_000, 64_000_000]


async def lengths(mesh: EchoMesh, steps: list[Echo], options: argparse.Namespace) -> Figures:
    figures = Figures("Length of the chain, at 16 connections", "steps")
    assert mesh.gateway
    cases: dict[tuple[int], Measure] = {}
    for length in options.lengths:
        name = f"of-{length}"
        await mesh.pipeline(name, *(f"{steps[i % len(steps)].service}/m" for i in range(length)))
        await mesh.until_echoes(mesh.serve_url(name))
        variant = Variant(name, [mesh.serve_url(name)], {"gateway": mesh.gateway.child.pid})
        cases[(length,)] = lambda v=variant: v.measure(CONNECTIONS, options.seconds, mesh.body)
    await figures.measure(options.rounds, cases)
    for short, long in pairwise(options.lengths):
        cpu = [figures.values((length,), "gateway CPU, µs") for length in (short, long)]
        for less, more in zip(*cpu, strict=True):
            figures.add((long,), {"for each step more, µs": (more - less) / (long - short)})
    return figures


class Bodies:
    """Bodies of one size, through a chain of two steps."""

    def __init__(self, mesh: EchoMesh, processes: dict[str, int], body_bytes: int, seconds: float) -> None:
        self._mesh = mesh
        self._processes = processes
        self._body = b'["' + b"x" * (body_bytes - 4) + b'"]'
        self._seconds = seconds
        self._first = True

    async def measure(self) -> dict[str, float]:
        """Megabytes a second that are taken in, and as many given back; peaks the first time only."""
        for pid in self._processes.values():
            forget_peak(pid)
        done = 0
        began = time.perf_counter()
        while (lasted_s := time.perf_counter() - began) < self._seconds:
            await self._mesh.ask(self._mesh.serve_url("two"), self._body)
            done += 1
        figures = {"ms a request": lasted_s / done * 1e3, "MB/s": done * len(self._body) / MB / lasted_s}
        if self._first:
            self._first = False
            figures |= {f"{name}, MB at most": resident_mb(pid, peak=True) for name, pid in self._processes.items()}
        return figures


async def bodies(mesh: EchoMesh, steps: list[Echo], options: argparse.Namespace) -> Figures:
    figures = Figures("Size of the body, one at a time through two steps", "bytes")
    await mesh.pipeline("two", *(f"{step.service}/m" for step in steps))
    await mesh.until_echoes(mesh.serve_url("two"))
    assert mesh.gateway
    processes = {"gateway": mesh.gateway.child.pid}
    processes |= {f"sidecar {i}": step.sidecar for i, step in enumerate(steps, 1)}
    processes |= {f"app {i}": step.app for i, step in enumerate(steps, 1)}
    cases = {(size,): Bodies(mesh, processes, size, options.seconds).measure for size in sorted(options.bodies)}
    await figures.measure(options.rounds, cases)
    return figures


async def measure(options: argparse.Namespace) -> list[Figures]:
    async with EchoMesh() as mesh:
        steps = [await mesh.echo(name) for name in ("first", "second")]
        # The bodies first: what they need is not to be hidden by what the load has left.
        sizes = await bodies(mesh, steps, options)
        return [await lengths(mesh, steps, options), sizes]


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--lengths", type=int, nargs="+", default=LENGTHS, help="of chains; default: %(default)s")
    options.add_argument("--bodies", type=int, nargs="+", default=BODIES, help="in bytes; default: %(default)s")
    run(options.parse_args(), measure)
