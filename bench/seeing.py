"""What it costs to see: two trivial models in real runtimes, with nothing counted, logged or traced, and with each.

A stack of its own for each way, all of them there at once. Spans go to the stack's manager, which keeps them; its own
CPU time is shown beside, for elsewhere that is Zipkin's. The figures are CPU time a request of all that is in its way:
gateway, sidecars, runtimes. (A runtime's own metrics are always on.)
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from echo_mesh import HERE, EchoMesh
from rounds import Figures, Variant, parser, run

from catenary import names
from catenary.address import TcpAddress, UnixAddress, free_port
from catenary.logs import LogFormat
from catenary.node import Node

MODEL = "class Model:\n    def predict(self, rows):\n        return rows\n\n\ndef load(path):\n    return Model()\n"
STEPS = ("first", "second")
TOTAL = "all CPU, µs"


class SeenMesh(EchoMesh):
    """Its services are runtimes, which serve the model `m`."""

    async def serve(self, repository: TcpAddress) -> dict[str, int]:
        """Make the services and the pipeline `bench`; the processes in a request's way."""
        processes = {}
        for service in STEPS:
            listen = TcpAddress("127.0.0.1", free_port())
            app = UnixAddress(str(self.folder / f"{service}.sock"))
            runtime = await self.start(
                ["-m", "runtimes.custom"],
                CATENARY_LISTEN=str(app),
                CATENARY_REPOSITORY=f"http://{repository}",
                CATENARY_SERVICE=service,
                CATENARY_CACHE=str(self.folder / "cache"),
                CATENARY_ZIPKIN=self.manager_settings.get("CATENARY_ZIPKIN", ""),
            )
            envoy = await self.start_envoy(Node(service, service, "sidecar", listen, app, self.body_bytes))
            await self.until_answers(f"http://{listen}{names.HEALTH_PATH}")
            await self.join({"id": service, "service": service, "address": str(listen)})
            processes |= {f"sidecar {service}": envoy.child.pid, f"runtime {service}": runtime.child.pid}
        await self.pipeline("bench", *(f"{service}/m" for service in STEPS))
        await self.until_echoes(self.serve_url("bench"))
        assert self.gateway
        assert self.manager
        return {"gateway": self.gateway.child.pid, "manager": self.manager.child.pid, **processes}


class BlindMesh(SeenMesh):
    MANAGER: ClassVar = [str(HERE / "blind_manager.py")]


@dataclass(frozen=True)
class Way:
    """How much is seen. `percent` of the requests are traced; None: tracing is off."""

    name: str
    mesh: type[SeenMesh] = SeenMesh
    log: LogFormat | None = None
    percent: float | None = None

    def make(self) -> SeenMesh:
        mesh = self.mesh(access_log=self.log)
        if self.percent is not None:
            mesh.manager_settings |= {
                "CATENARY_ZIPKIN": mesh.manager_url,
                "CATENARY_KEEP_TRACES": "1000",
                "CATENARY_TRACE_PERCENT": str(self.percent),
            }
        return mesh


NOTHING = Way("nothing", BlindMesh)
METRICS = Way("metrics")
WAYS = (
    NOTHING,
    METRICS,
    Way("metrics, log (JSON)", log="json"),
    Way("metrics, log (text)", log="text"),
    Way("metrics, traces at 0%", percent=0),
    Way("metrics, traces at 1%", percent=1),
    Way("metrics, traces at 100%", percent=100),
)


async def repository_of_the_model(mesh: EchoMesh) -> TcpAddress:
    models = mesh.folder / "models"
    model = models / "custom" / "m"
    model.mkdir(parents=True)
    (model / "model.py").write_text(MODEL)
    (model / "metadata.json").write_text(json.dumps({"model": "m", "inputs": [], "outputs": []}))
    listen = TcpAddress("127.0.0.1", free_port())
    settings = {"CATENARY_LISTEN": str(listen), "CATENARY_MODEL_DIRECTORY": str(models)}
    await mesh.start(["-m", "repository"], **settings)
    return listen


async def measured(variant: Variant, options: argparse.Namespace, body: Path) -> Mapping[str, float]:
    figures = await variant.measure(options.connections, options.seconds, body)
    used = {name: value for name, value in figures.items() if name.endswith(" CPU, µs")}
    in_the_way = sum(value for name, value in used.items() if not name.startswith("manager"))
    return {name: value for name, value in figures.items() if "CPU" not in name} | {
        "gateway CPU, µs": used["gateway CPU, µs"],
        "sidecars CPU, µs": sum(value for name, value in used.items() if name.startswith("sidecar")),
        "runtimes CPU, µs": sum(value for name, value in used.items() if name.startswith("runtime")),
        TOTAL: in_the_way,
        "manager CPU, µs": used["manager CPU, µs"],
    }


async def measure(options: argparse.Namespace) -> list[Figures]:
    figures = Figures("What it costs to see", "way")
    async with AsyncExitStack() as stack:
        variants: dict[str, tuple[Variant, Path]] = {}
        repository = None
        for way in WAYS:
            mesh = await stack.enter_async_context(way.make())
            repository = repository or await repository_of_the_model(mesh)
            processes = await mesh.serve(repository)
            variants[way.name] = (Variant(way.name, [mesh.serve_url("bench")], processes), mesh.body)
        await figures.measure(
            options.rounds,
            {(name,): lambda v=variant, b=body: measured(v, options, b) for name, (variant, body) in variants.items()},
        )
    for way in WAYS[1:]:
        other = NOTHING if way is METRICS else METRICS
        ratio = figures.ratio(TOTAL, (way.name,), (other.name,))
        figures.remarks.append(f"{way.name}: {ratio} of the CPU that {other.name} takes")
    return [figures]


if __name__ == "__main__":
    options = parser(__doc__)
    options.add_argument("--connections", type=int, default=16, help="default: %(default)s")
    run(options.parse_args(), measure)
