"""Prometheus finds in Consul what a manager has registered there, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from aiohttp import web
from mesh import Mesh, until
from servers import ConsulAgent, Prometheus

from catenary.address import free_port

CONFIG = Path(__file__).resolve().parents[2] / "observability" / "prometheus.yml"


async def test_an_instance_is_read_where_it_says_by_its_service_and_id(tmp_path: Path) -> None:
    port, other_port = free_port(), free_port()
    app = web.Application()
    app.router.add_get("/metrics", _metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    for each in (port, other_port):
        await web.TCPSite(runner, "127.0.0.1", each).start()
    consul = ConsulAgent(tmp_path / "consul")
    async with consul, Mesh(CATENARY_CONSUL=consul.url) as mesh:
        mesh.on_exit(runner.cleanup)
        some = {"service": "serving-a", "health_path": "/metrics"}
        address, other_address = f"127.0.0.1:{port}", f"127.0.0.1:{other_port}"
        await mesh.register({"id": "serving-a-1", "address": address, "metrics": address, **some})
        await mesh.register({"id": "serving-a-2", "address": other_address, **some})
        config: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
        config["global"] = {"scrape_interval": "1s"}
        config["scrape_configs"][0]["consul_sd_configs"][0]["server"] = f"{consul.host}:{consul.port}"
        config["rule_files"] = [str(CONFIG.with_name(name)) for name in config["rule_files"]]
        (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
        async with Prometheus(tmp_path, tmp_path / "prometheus.yml", with_consul=True) as prometheus:

            async def is_read() -> bool:
                return bool(await prometheus.query("found"))

            await until(is_read, f"a target in {await prometheus.targets()}")
            assert [target["labels"] for target in await prometheus.targets()] == [
                {"job": "serving-a", "instance": "serving-a-1", "stack": "catenary"}
            ]


async def _metrics(_: web.Request) -> web.Response:
    return web.Response(text="found 1\n")
