"""What the chain costs: two trivial steps behind sidecars, through the gateway's Envoy and through gateways by hand.

The gateway has request ids, server-timing, retries and limits on, as always, and tracing off. Beside it are a relay in
aiohttp on asyncio's own loop and one on uvloop, through the same sidecars, and the two apps with nothing before them.
Shown are requests a second, and the CPU time of each process a request.
"""

from __future__ import annotations

import argparse

from echo_mesh import EchoMesh
from rounds import Figures, Variant, parser, run

from catenary.address import TcpAddress, free_port

LOOPS = ("asyncio", "uvloop")


async def variants(mesh: EchoMesh) -> list[Variant]:
    steps = [await mesh.echo(name) for name in ("first", "second")]
    await mesh.pipeline("bench", "first/m", "second/m")
    apps = {f"app {i}": step.app for i, step in enumerate(steps, 1)}
    sidecars = {f"sidecar {i}": step.sidecar for i, step in enumerate(steps, 1)}
    assert mesh.gateway
    ours = Variant("chain in Envoy", [mesh.serve_url("bench")], {"gateway": mesh.gateway.child.pid, **sidecars, **apps})
    relays = []
    for loop in LOOPS:
        port = free_port()
        urls = [f"http://{step.instance['address']}/m" for step in steps]
        relay = await mesh.start(["bench/relay.py", loop, str(port), *urls])
        await mesh.until_open(TcpAddress("127.0.0.1", port))
        processes = {"gateway": relay.child.pid, **sidecars, **apps}
        relays.append(Variant(f"aiohttp, {loop}", [f"http://127.0.0.1:{port}/"], processes))
    return [ours, *relays, Variant("the apps alone", [step.straight_url for step in steps], apps)]


async def measure(options: argparse.Namespace) -> list[Figures]:
    figures = Figures("A chain of two trivial steps", "connections", "variant")
    async with EchoMesh() as mesh:
        compared = await variants(mesh)
        for url in (url for variant in compared for url in variant.urls):
            await mesh.until_echoes(url)
        for connections in options.connections:
            cases = {
                (connections, variant.name): lambda v=variant, c=connections: v.measure(c, options.seconds, mesh.body)
                for variant in compared
            }
            await figures.measure(options.rounds, cases)
            for relay in compared[1:-1]:
                ours, other = (connections, compared[0].name), (connections, relay.name)
                rate, cpu = (figures.ratio(name, ours, other) for name in ("requests/s", "gateway CPU, µs"))
                figures.remarks.append(
                    f"{connections} connections, beside {relay.name}: {rate} times the throughput, "
                    f"{cpu} of the gateway's CPU"
                )
    return [figures]


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--connections", type=int, nargs="+", default=[1, 16])
    run(options.parse_args(), measure)
