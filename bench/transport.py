"""HTTP/2 or HTTP/1.1 between gateway and sidecar, a Unix socket or the loopback between sidecar and app: four ways.

Two gateways, one for each protocol, and two sidecars before each of the same two apps. Shown are requests a second, and
the CPU time of each process a request.
"""

from __future__ import annotations

import argparse
from contextlib import AsyncExitStack
from typing import ClassVar

from echo_mesh import HERE, Echo, EchoMesh
from rounds import Figures, Variant, parser, run


class Http1Mesh(EchoMesh):
    MANAGER: ClassVar = [str(HERE / "http1_manager.py")]


PROTOCOLS = {"HTTP/2": EchoMesh, "HTTP/1.1": Http1Mesh}
WAYS = {"Unix socket": False, "loopback": True}


async def variants(stack: AsyncExitStack) -> tuple[EchoMesh, list[Variant]]:
    """The way of the product first; the mesh that has the steps."""
    found = []
    steps: dict[str, list[Echo]] = {}
    for protocol, kind in PROTOCOLS.items():
        mesh = await stack.enter_async_context(kind())
        assert mesh.gateway
        if not steps:
            first = mesh
            steps = {
                way: [await mesh.echo(f"{n}-{way[0]}", by_loopback=on) for n in (1, 2)] for way, on in WAYS.items()
            }
        for way, pair in steps.items():
            for step in pair:
                await mesh.join(step.instance)
            await mesh.pipeline(way[0], *(f"{step.service}/m" for step in pair))
            processes = {"gateway": mesh.gateway.child.pid}
            processes |= {f"sidecar {i}": step.sidecar for i, step in enumerate(pair, 1)}
            processes |= {f"app {i}": step.app for i, step in enumerate(pair, 1)}
            await mesh.until_echoes(mesh.serve_url(way[0]))
            found.append(Variant(f"{protocol}, {way}", [mesh.serve_url(way[0])], processes))
    return first, found


async def measure(options: argparse.Namespace) -> list[Figures]:
    figures = Figures("Ways between gateway, sidecar and app", "connections", "way")
    async with AsyncExitStack() as stack:
        mesh, compared = await variants(stack)
        for connections in options.connections:
            cases = {
                (connections, variant.name): lambda v=variant, c=connections: v.measure(c, options.seconds, mesh.body)
                for variant in compared
            }
            await figures.measure(options.rounds, cases)
            for variant in compared[1:]:
                ours, other = (connections, compared[0].name), (connections, variant.name)
                names = ("requests/s", "gateway CPU, µs", "sidecar 1 CPU, µs", "app 1 CPU, µs")
                rate, *cpu = (figures.ratio(name, other, ours) for name in names)
                figures.remarks.append(
                    f"{connections} connections, {variant.name}, to {compared[0].name}: {rate} times the throughput; "
                    f"CPU {cpu[0]} in the gateway, {cpu[1]} in a sidecar, {cpu[2]} in an app"
                )
    return [figures]


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--connections", type=int, nargs="+", default=[1, 16], help="default: %(default)s")
    run(options.parse_args(), measure)
