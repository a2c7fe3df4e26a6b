"""What the chain costs: two trivial steps behind sidecars, through the gateway's Envoy and through a relay by hand.

`python bench/chain.py [--rounds 7] [--seconds 3] [--json FILE]` needs `wrk`. Each round measures every variant once, in
turn; shown are the medians, with the spread, of requests a second and of the gateway's CPU time a request.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
import shutil
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[1] / part) for part in ("tests/support", "")]

from mesh import Mesh, Process, until
from rich.console import Console
from rich.table import Table

from catenary.address import TcpAddress, UnixAddress, free_port
from catenary.node import Node

HERE = Path(__file__).resolve().parent
BODY = '[{"x": 1.5, "name": "a row of some length, as rows are"}]'
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Variant:
    name: str
    url: str
    process: Process


def cpu_s(process: Process) -> float:
    """CPU seconds, user and system, that the process has used."""
    fields = Path(f"/proc/{process.child.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


async def load(url: str, connections: int, seconds: int, script: Path) -> tuple[int, float]:
    """Requests done and requests a second; fails if any answer was no 200."""
    threads = min(2, connections)
    child = await asyncio.create_subprocess_exec(
        *("wrk", f"-c{connections}", f"-t{threads}", f"-d{seconds}s", "-s", str(script), url),
        stdout=asyncio.subprocess.PIPE,
    )
    out = (await child.communicate())[0].decode()
    assert "Non-2xx" not in out, out
    assert "Socket errors" not in out, out
    requests = re.search(r"(\d+) requests in", out)
    rate = re.search(r"Requests/sec:\s*([\d.]+)", out)
    assert requests, out
    assert rate, out
    return int(requests[1]), float(rate[1])


async def start_step(mesh: Mesh, name: str) -> Node:
    """A step in a process of its own behind a sidecar, on a lease that outlasts the run."""
    socket = str(mesh.folder / f"{name}.sock")
    process = await Process.start([sys.executable, str(HERE / "step.py"), socket], mesh.folder / f"{name}.step.log")
    mesh.on_exit(process.stop)
    node = Node(name, name, "sidecar", TcpAddress("127.0.0.1", free_port()), UnixAddress(socket), mesh.body_bytes)
    await mesh.start_envoy(node)
    await mesh.until_open(node.listen)
    await until(lambda: answers(mesh, f"http://{node.listen}/m"), f"{name} answers")
    await mesh.register({"id": name, "service": name, "address": str(node.listen)})
    return node


async def answers(mesh: Mesh, url: str) -> bool:
    async with mesh.session.post(url, data=BODY) as answer:
        return answer.status == 200


async def measure(rounds: int, seconds: int) -> list[dict[str, Any]]:
    async with Mesh(lease_s=300) as mesh:
        nodes = [await start_step(mesh, name) for name in ("first", "second")]
        await mesh.pipeline("bench", "first/m", "second/m")
        port = free_port()
        relay = [sys.executable, str(HERE / "relay.py"), str(port), *(f"http://{node.listen}/m" for node in nodes)]
        hand_written = await Process.start(relay, mesh.folder / "relay.log")
        mesh.on_exit(hand_written.stop)
        await mesh.until_open(TcpAddress("127.0.0.1", port))
        assert mesh.gateway
        variants = [
            Variant("chain in Envoy", mesh.serve_url("bench"), mesh.gateway),
            Variant("aiohttp relay", f"http://127.0.0.1:{port}/", hand_written),
        ]
        script = mesh.folder / "post.lua"
        script.write_text(f"wrk.method='POST'\nwrk.body='{BODY}'\nwrk.headers['content-type']='application/json'\n")
        results = []
        for connections in (1, 16):
            rows: dict[str, list[tuple[float, float]]] = {variant.name: [] for variant in variants}
            for _ in range(rounds):
                for variant in variants:
                    before = cpu_s(variant.process)
                    requests, rate = await load(variant.url, connections, seconds, script)
                    rows[variant.name].append((rate, (cpu_s(variant.process) - before) / requests * 1e6))
            for name, figures in rows.items():
                rates, cpus = zip(*figures, strict=True)
                results.append({"variant": name, "connections": connections, "requests_per_s": rates, "cpu_us": cpus})
        return results


def show(results: list[dict[str, Any]]) -> None:
    table = Table("connections", "variant", "requests/s", "gateway CPU, µs/request")
    for result in results:
        cells = [
            f"{statistics.median(result[key]):.0f} ({min(result[key]):.0f}–{max(result[key]):.0f})"
            for key in ("requests_per_s", "cpu_us")
        ]
        table.add_row(str(result["connections"]), result["variant"], *cells)
    Console().print(table)
    for ours, other in zip(results[::2], results[1::2], strict=True):
        rate, cpu = (
            statistics.median(ours[key]) / statistics.median(other[key]) for key in ("requests_per_s", "cpu_us")
        )
        print(f"{ours['connections']} connections: {rate:.2f} times the throughput, {cpu:.2f} of the gateway's CPU")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=3, help="of each measurement")
    parser.add_argument("--json", type=Path, help="a file for all figures")
    options = parser.parse_args()
    if not shutil.which("wrk"):
        sys.exit("bench/chain.py needs wrk: install it (Debian, Ubuntu: apt install wrk)")
    results = asyncio.run(measure(options.rounds, options.seconds))
    show(results)
    if options.json:
        options.json.write_text(json.dumps(results, indent=1))


if __name__ == "__main__":
    main()
