"""What a supervisor that cannot serve says: one sentence, and the exit status 2."""

from __future__ import annotations

import socket
import sys
from typing import Any

import pytest

from catenary.address import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")


async def test_an_app_that_is_not_found(supervise: Any) -> None:
    sidecar = await supervise(command=["/nowhere/my-server"])
    assert await sidecar.ended() == 2
    assert "the app cannot be started: '/nowhere/my-server' is not a program that can be run" in sidecar.log


async def test_no_envoy(supervise: Any) -> None:
    sidecar = await supervise(envoy="/nowhere/envoy")
    assert await sidecar.ended() == 2
    assert sidecar.log.splitlines()[-1] == (
        "CATENARY_ENVOY is '/nowhere/envoy', which is not a program that can be run"
    )


@pytest.mark.parametrize("setting", ["listen", "port"])
async def test_a_port_that_is_taken(supervise: Any, setting: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sidecar = await supervise(**{setting: str(port) if setting == "port" else f"127.0.0.1:{port}"})
        assert await sidecar.ended() == 2
    assert f"port {port} on 127.0.0.1 cannot be used" in sidecar.log
    assert sidecar.folders() == []


async def test_a_health_file_that_cannot_be_written(supervise: Any) -> None:
    sidecar = await supervise(health_file="/nowhere/healthy")
    assert await sidecar.ended() == 2
    assert sidecar.log.splitlines()[-1] == (
        "CATENARY_HEALTH_FILE: /nowhere/healthy cannot be written: No such file or directory"
    )


async def test_a_run_folder_whose_sockets_would_have_too_long_paths(world: Any, supervise: Any) -> None:
    (long := world.folder / ("x" * 80)).mkdir()
    sidecar = await supervise(run_dir=str(long))
    assert await sidecar.ended() == 2
    assert "CATENARY_RUN_DIR" in sidecar.log
    assert "at most 100 bytes" in sidecar.log
    assert list(long.iterdir()) == []


async def test_an_app_that_never_becomes_ready(supervise: Any) -> None:
    sidecar = await supervise(status=503, start_timeout_s="3")
    assert await sidecar.ended() == 2
    assert "was not ready within 3 s: the app answers 503: it waits for the test" in sidecar.log


async def test_an_app_that_never_listens_is_asked_to_end(supervise: Any) -> None:
    program = "import signal; signal.signal(signal.SIGTERM, lambda *_: print('it was asked to end')); signal.pause()"
    sidecar = await supervise(command=[sys.executable, "-c", program], port=str(free_port()), start_timeout_s="2")
    assert await sidecar.ended() == 2
    assert "it was asked to end" in sidecar.log
    assert "was not ready within 2 s: the app does not answer its Envoy (503" in sidecar.log


async def test_a_server_without_the_health_path_that_was_named(supervise: Any) -> None:
    command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", port := str(free_port())]
    sidecar = await supervise(command=command, port=port, health_path="/missing", start_timeout_s="2")
    assert await sidecar.ended() == 2
    assert "was not ready within 2 s: the app answers 404" in sidecar.log


async def test_a_place_to_listen_that_is_no_ip_address(supervise: Any) -> None:
    sidecar = await supervise(listen=f"localhost:{free_port()}")
    assert await sidecar.ended() == 2
    assert "CATENARY_LISTEN: Value error, 'localhost:" in sidecar.log


async def test_a_manager_that_is_away_at_the_start(world: Any, supervise: Any) -> None:
    await world.manager.stop()
    try:
        sidecar = await supervise(start_timeout_s="1")
        assert await sidecar.ended() == 2
    finally:
        await world.start_manager()
    assert f"was not ready within 1 s: the manager at {world.manager_url} cannot be reached" in sidecar.log
