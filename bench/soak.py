"""A soak: a chain of two trivial steps at 70% of the load that it can bear, and whether anything grows meanwhile.

Each slice of `--seconds` connects anew; after it, memory and descriptors of each process are counted. Compared are the
medians of the first third of the slices and of the last.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

from echo_mesh import EchoMesh
from rounds import Figures, load, parser, resident_mb, run, with_spread

CONNECTIONS = 16
SHARE = 0.7


def descriptors(pid: int) -> int:
    return sum(1 for _ in Path(f"/proc/{pid}/fd").iterdir())


async def measure(options: argparse.Namespace) -> list[Figures]:
    table = Figures(f"A soak of {options.minutes:g} minutes at 70% load", "figure")
    async with EchoMesh() as mesh:
        steps = [await mesh.echo(name) for name in ("first", "second")]
        await mesh.pipeline("soak", "first/m", "second/m")
        url = mesh.serve_url("soak")
        await mesh.until_echoes(url)
        assert mesh.gateway
        assert mesh.manager
        processes = {"gateway": mesh.gateway.child.pid, "manager": mesh.manager.child.pid}
        processes |= {f"sidecar {i}": step.sidecar for i, step in enumerate(steps, 1)}
        processes |= {f"app {i}": step.app for i, step in enumerate(steps, 1)}
        slices = max(3, round(options.minutes * 60 / options.seconds))
        most = [await load(url, CONNECTIONS, options.seconds, mesh.body) for _ in range(options.rounds)]
        per_s = SHARE * statistics.median(full.per_s for full in most)
        for number in range(slices):
            print(f"soak: slice {number + 1} of {slices}", file=sys.stderr)
            done = await load(url, CONNECTIONS, options.seconds, mesh.body, per_s)
            figures = {"requests/s": done.per_s, "p50, ms": done.p50_ms, "p99, ms": done.p99_ms}
            for name, pid in processes.items():
                figures |= {f"{name}, MB resident": resident_mb(pid), f"{name}, descriptors": descriptors(pid)}
            for name, value in figures.items():
                table.add((name,), {f"{('first', 'second', 'last')[number * 3 // slices]} third": value})
    table.remarks.append(f"the whole load: {with_spread([full.per_s for full in most])} requests/s")
    return [table]


if __name__ == "__main__":
    options = parser(__doc__, rounds=3, seconds=10)
    options.add_argument("--minutes", type=float, default=10, help="default: %(default)s")
    run(options.parse_args(), measure)
