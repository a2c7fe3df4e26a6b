"""The supervisor as a process, with the real manager and real Envoys."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from mesh import until

from catenary.address import free_port
from catenary.sidecar.membership import POLL_S

pytestmark = pytest.mark.asyncio(loop_scope="module")

IsAlive = Callable[[int], bool]
MODEL = {"name": "m", "version": "1", "state": "ready", "reason": ""}


async def test_an_instance_is_registered_once_its_health_passes_and_not_before(supervise: Any) -> None:
    sidecar = await supervise(status=503, instance_version="7")
    await sidecar.until_asked("/health", times=3)
    assert await sidecar.instances() == []
    sidecar.say(status=200, models=[MODEL])
    instance = await sidecar.until_registered()
    assert instance["models"] == [MODEL]
    assert instance["version"] == "7"
    assert instance["id"].startswith(f"{sidecar.service}-")


async def test_the_app_is_reached_through_the_address_that_is_registered(world: Any, supervise: Any) -> None:
    sidecar = await supervise(listen=(listen := f"127.0.0.1:{free_port()}"), body_bytes="1000")
    instance = await sidecar.until_registered()
    assert instance["address"] == listen
    told = await world.get(f"http://{listen}/environment")
    assert told["CATENARY_LISTEN"].startswith(f"unix:{sidecar.run_dir}/catenary-")
    assert told["CATENARY_MANAGER"] == world.manager_url
    assert told["CATENARY_BODY_BYTES"] == "1000"
    assert (told["CATENARY_SERVICE"], told["CATENARY_INSTANCE"]) == (sidecar.service, instance["id"])


async def test_sockets_lie_in_a_folder_that_only_the_user_can_enter(supervise: Any) -> None:
    sidecar = await supervise()
    await sidecar.until_registered()
    (folder,) = sidecar.folders()
    assert folder.stat().st_mode & 0o777 == 0o700
    sidecar.terminate()
    assert await sidecar.ended() == 0
    assert sidecar.folders() == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_before_the_app_is_ready(supervise: Any, number: int) -> None:
    sidecar = await supervise(status=503)
    await sidecar.until_asked("/health")
    sidecar.process.child.send_signal(number)
    assert await sidecar.ended(timeout_s=5) == 0
    assert "registered" not in sidecar.log


async def test_what_a_model_becomes_is_told_to_the_manager_at_once(supervise: Any) -> None:
    sidecar = await supervise()
    await sidecar.until_registered()
    sidecar.say(status=200, models=[MODEL])
    async with asyncio.timeout(2):
        await sidecar.until_registered(lambda i: i["models"] == [MODEL])


async def test_an_instance_leaves_while_its_checks_fail_and_comes_back(supervise: Any) -> None:
    sidecar = await supervise()
    await sidecar.until_registered()
    sidecar.say(status=500)
    await sidecar.until_gone()
    sidecar.say(status=200)
    await sidecar.until_registered()
    assert "leaving the registry until it is well again: the app answers 500" in sidecar.log


async def test_a_file_tells_when_the_last_check_passed(supervise: Any, tmp_path: Path) -> None:
    file = tmp_path / "healthy"
    sidecar = await supervise(status=503, health_file=str(file))
    await sidecar.until_asked("/health", times=3)
    assert not file.exists()
    sidecar.say(status=200)
    await sidecar.until_registered()
    await _until_touched(file)
    sidecar.say(status=500)
    await sidecar.until_gone()
    with pytest.raises(AssertionError, match="not within"):
        await _until_touched(file, timeout_s=3 * POLL_S)


async def _until_touched(file: Path, timeout_s: float = 10) -> None:
    before = file.stat().st_mtime

    async def touched() -> bool:
        return file.stat().st_mtime > before

    await until(touched, "the file is touched again", timeout_s)


async def test_a_stop_lets_the_request_under_way_end(world: Any, supervise: Any, is_alive: IsAlive) -> None:
    sidecar = await supervise()
    address = (await sidecar.until_registered())["address"]
    processes = sidecar.processes()
    async with asyncio.TaskGroup() as group:
        held = group.create_task(_text(world, f"http://{address}/hold"))
        await sidecar.until_asked("/hold")
        sidecar.terminate()
        await sidecar.until_gone()
        assert not held.done()
        await _text(world, f"http://{address}/release")
    assert held.result() == "held"
    assert await sidecar.ended() == 0
    assert not [kind for kind, pid in processes.items() if is_alive(pid)]


async def test_a_stop_does_not_wait_longer_for_requests_than_it_may(world: Any, supervise: Any) -> None:
    sidecar = await supervise(drain_s="0.5", stop_s="0.5")
    address = (await sidecar.until_registered())["address"]
    held = asyncio.create_task(_text(world, f"http://{address}/hold"))
    await sidecar.until_asked("/hold")
    sidecar.terminate()
    assert await sidecar.ended(timeout_s=5) == 0
    with pytest.raises((aiohttp.ClientError, AssertionError)):
        await held
    assert "requests are still under way after 0.5 s" in sidecar.log


async def test_a_second_term_does_not_wait_at_all(world: Any, supervise: Any) -> None:
    sidecar = await supervise(drain_s="60", stop_s="60")
    address = (await sidecar.until_registered())["address"]
    held = asyncio.create_task(_text(world, f"http://{address}/hold"))
    await sidecar.until_asked("/hold")
    sidecar.terminate()
    await sidecar.until_gone()
    sidecar.terminate()
    assert await sidecar.ended(timeout_s=5) == 0
    with pytest.raises((aiohttp.ClientError, AssertionError)):
        await held
    assert sidecar.folders() == []


@pytest.mark.parametrize(("app_status", "status"), [(3, 3), (0, 1)])
async def test_an_app_that_ends_takes_all_with_it(
    supervise: Any, is_alive: IsAlive, app_status: int, status: int
) -> None:
    sidecar = await supervise()
    await sidecar.until_registered()
    processes = sidecar.processes()
    sidecar.say(exit=app_status)
    assert await sidecar.ended() == status
    assert await sidecar.instances() == []
    assert not [kind for kind, pid in processes.items() if is_alive(pid)]
    assert f"the app has ended with status {app_status}" in sidecar.log


@pytest.mark.parametrize("victim", ["envoy", "app"])
async def test_what_a_signal_ends_takes_all_with_it(supervise: Any, is_alive: IsAlive, victim: str) -> None:
    sidecar = await supervise()
    await sidecar.until_registered()
    processes = sidecar.processes()
    os.kill(processes[victim], signal.SIGKILL)
    assert await sidecar.ended() == 128 + signal.SIGKILL
    assert await sidecar.instances() == []
    assert not [kind for kind, pid in processes.items() if is_alive(pid)]


async def test_a_killed_supervisor_leaves_nothing(supervise: Any, is_alive: IsAlive) -> None:
    sidecar = await supervise()
    await sidecar.until_registered()
    processes = sidecar.processes()
    assert processes.keys() == {"envoy", "app", "worker", "reaper"}
    sidecar.process.child.kill()

    async def nothing_is_left() -> bool:
        return not sidecar.folders() and not any(is_alive(pid) for pid in processes.values())

    await until(nothing_is_left, "no process and no folder left", timeout_s=5)


async def test_any_http_server_can_be_a_step(world: Any, supervise: Any) -> None:
    port = free_port()
    (world.folder / "rows.json").write_text('[{"x": 1}]')
    server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", str(world.folder), str(port)]
    sidecar = await supervise(server, port=str(port))
    instance = await sidecar.until_registered()
    assert instance["models"] is None
    assert await world.get(f"http://{instance['address']}/rows.json") == [{"x": 1}]
    sidecar.terminate()
    assert await sidecar.ended() == 0


async def test_requests_go_on_while_the_manager_is_away(world: Any, supervise: Any) -> None:
    sidecar = await supervise()
    instance = await sidecar.until_registered()
    await world.manager.stop()

    async def is_said() -> bool:
        return "requests go on, and it is tried again" in sidecar.log

    await until(is_said, "the outage is logged")
    assert await world.get(f"http://{instance['address']}/environment")
    await world.start_manager()

    async def is_over() -> bool:
        return "the manager answers again" in sidecar.log

    await until(is_over, "the end of the outage is logged")
    assert (await sidecar.until_registered()) == instance
    assert sidecar.log.count("cannot be reached") == 1


async def _text(world: Any, url: str) -> str:
    async with world.http.get(url) as answer:
        assert answer.status == 200
        text: str = await answer.text()
        return text
