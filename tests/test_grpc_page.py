"""The example on the page about gRPC runs as it stands there, but for the ports and where the manager is."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from pathlib import Path

import pytest
from mesh import Process, until
from supervised import World, supervisors

from catenary import names
from catenary.address import free_port

CHECKOUT = Path(__file__).resolve().parents[1]
PAGE = CHECKOUT / "docs" / "grpc.md"


def _programs(folder: Path) -> Path:
    """A folder with the programs that the page calls: this checkout's, and this Python."""
    programs = folder / "bin"
    programs.mkdir()
    for name, options in {"catenary": " -m catenary", "python3": ""}.items():
        (programs / name).write_text(f'#!/bin/sh\nexec {sys.executable}{options} "$@"\n')
        (programs / name).chmod(0o755)
    return programs


async def _output(script: str, folder: Path, environment: dict[str, str]) -> str:
    child = await asyncio.create_subprocess_exec(
        *("bash", "-euc", script), cwd=folder, env=os.environ | environment, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    assert child.returncode == 0, script
    return output.decode()


@pytest.fixture
def blocks() -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)


async def test_the_example_runs(blocks: list[str], tmp_path: Path) -> None:
    write, serve, create, call = blocks
    async with World() as world, supervisors(world) as start:
        gateway = await start([sys.executable, "-m", "gateway"], role="gateway")
        address = (await gateway.until_registered())["address"]
        environment = {
            "PATH": f"{_programs(tmp_path)}:{os.environ['PATH']}",
            "PYTHONPATH": str(CHECKOUT),
            "CATENARY_MANAGER": world.manager_url,
            "CATENARY_XDS": f"unix:{world.folder}/xds.sock",
        }
        await _output(write, tmp_path, environment)
        assert "--port 9100" in serve
        command = f"cd {tmp_path}; exec {serve.replace('9100', str(free_port()))}"
        server = await Process.start(["bash", "-c", command], world.folder / "greeter.log", **environment)
        try:

            async def is_registered() -> bool:
                instances = await world.get(world.manager_url + names.INSTANCES_PATH)
                return "serving-greeter" in [instance["service"] for instance in instances]

            await until(is_registered, f"the server is registered; its log: {server.log}")
            await _output(create, tmp_path, environment)
            assert "localhost:8083" in call
            assert await _output(call.replace("localhost:8083", address), tmp_path, environment) == "hello world\n"
        finally:
            await server.stop()
