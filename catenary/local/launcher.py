"""Brings a whole stack up on this machine, keeps it up, and takes it down so that nothing is left.

Owns the order: the manager, then all others at once; down again the gateway first, so that no new request comes, then
the runtimes, the repository, the manager. What a part is, and how one is kept running, is not decided here.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Literal

from catenary import names
from catenary.address import TcpAddress, require_free
from catenary.client import Client
from catenary.errors import ServingError, SetupError
from catenary.local.extras import require_installed
from catenary.local.keeper import Keeper
from catenary.local.log_files import complaint, logs_dir, new_log, tail
from catenary.local.parts import LOOPBACK, MANAGER, parts, targets_file, xds_address
from catenary.local.prometheus import write_prometheus_files
from catenary.local.readiness import manager_answers, serving_instances
from catenary.local.settings import LocalSettings
from catenary.local.stack import RUN_DIR_PREFIX, RunningPart, Stack, StackFile
from catenary.sidecar.children import Children
from catenary.sidecar.envoy_binary import find_envoy

log = logging.getLogger(__name__)

POLL_S = 0.1
STOP_GRACE_S = 40.0
"""More than a sidecar needs at most to leave, drain and stop."""
DEATHS_TO_GIVE_UP = 3
"""A part that died so often before the stack was ready will not come up."""
LONGEST_TEMPORARY_FOLDER = 32
"""TMPDIR is not taken where it is longer, so that paths of sockets stay within 100 bytes."""

Say = Callable[[str], None]
"""Takes the progress, a sentence at a time."""
WhenReady = Callable[[Stack], int | None]
"""What to do once the stack is up, in a thread of its own; its result ends the stack, None lets it stay."""


def run(settings: LocalSettings, say: Say, when_ready: WhenReady) -> int:
    """Bring the stack up, do `when_ready`, and stay up until INT, TERM or HUP; the main of a process of its own.

    Returns what `when_ready` returned, or 0 after a signal; a second signal kills at once what still runs.
    Raises SetupError, before anything is started, if an extra is not installed, a stack is up, a port is taken or there
    is no Envoy, and later if a part finds its setup wrong; ServingError, with the end of its log, if a part does not
    become ready.
    """
    require_installed()
    file = StackFile(settings.state_dir)
    with file.held():
        find_envoy()
        models = settings.models()
        _require_ports(settings)
        write_prometheus_files(targets_file(settings).parent)
        return asyncio.run(_Launcher(settings, models, _make_run_dir(), file, say).run(when_ready))


class _Launcher:
    def __init__(self, settings: LocalSettings, models: Path, run_dir: Path, file: StackFile, say: Say) -> None:
        self._settings = settings
        self._models = models
        self._run_dir = run_dir
        self._file = file
        self._say = say
        self._client = Client(f"http://{LOOPBACK}:{settings.manager_port}", timeout_s=2)
        self._keepers: dict[str, Keeper] = {}
        self._state: Literal["starting", "ready", "stopping"] = "starting"

    async def run(self, when_ready: WhenReady) -> int:
        with _stop_signals() as (asked, pressed):
            async with Children(self._run_dir) as children:
                for part in parts(self._settings, self._models, self._run_dir):
                    log_file = new_log(self._settings.state_dir, part.name)
                    self._keepers[part.name] = Keeper(part, children, log_file, self._record)
                up = asyncio.create_task(self._stay_up(when_ready), name="up")
                await _either(up, asked)
                up.cancel()
                await asyncio.wait({up})
                down = asyncio.create_task(self._stop(), name="down")
                await _either(down, pressed)
                if down.done():
                    down.result()
                else:
                    self._say("asked twice: killing what still runs")
                    down.cancel()
                    await asyncio.wait({down})
        return 0 if up.cancelled() else up.result()

    async def _stay_up(self, when_ready: WhenReady) -> int:
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                await self._start()
        except TimeoutError as error:
            raise ServingError(self._too_late()) from error
        self._state = "ready"
        self._record()
        status = await asyncio.to_thread(when_ready, self._stack())
        if status is None:
            await asyncio.Event().wait()
        return status or 0

    async def _start(self) -> None:
        others = [keeper for name, keeper in self._keepers.items() if name != MANAGER]
        self._keepers[MANAGER].start()
        while not await asyncio.to_thread(manager_answers, self._client):
            self._check([self._keepers[MANAGER]])
            await asyncio.sleep(POLL_S)
        self._is_ready(self._keepers[MANAGER])
        for keeper in others:
            keeper.start()
        while others:
            await asyncio.sleep(POLL_S)
            serving = await asyncio.to_thread(serving_instances, self._client)
            for keeper in [k for k in others if k.part.name in serving]:
                self._is_ready(keeper)
                others.remove(keeper)
            self._check([self._keepers[MANAGER], *others])

    def _is_ready(self, keeper: Keeper) -> None:
        keeper.was_ready = True
        self._say(f"{keeper.part.name} is ready")

    def _check(self, awaited: Iterable[Keeper]) -> None:
        for keeper in awaited:
            if keeper.found_setup_wrong:
                fault = f"{keeper.part.name} does not start: "
                raise SetupError(fault + (complaint(keeper.log_file) or _end_of_log(keeper)))
            if keeper.deaths >= DEATHS_TO_GIVE_UP:
                fault = f"{keeper.part.name} does not start: it ended with status {keeper.last_status}"
                raise ServingError(f"{fault}. {_end_of_log(keeper)}")

    def _too_late(self) -> str:
        serving = {MANAGER, *serving_instances(self._client)} if manager_answers(self._client) else set()
        missing = [keeper for name, keeper in self._keepers.items() if name not in serving]
        if not missing:
            return f"the stack was not ready within {self._settings.start_timeout_s:g} s"
        awaited = " and ".join(keeper.part.name for keeper in missing)
        return f"{awaited}: not ready within {self._settings.start_timeout_s:g} s. {_end_of_log(missing[0])}"

    async def _stop(self) -> None:
        self._state = "stopping"
        self._record()
        for keeper in self._keepers.values():
            await keeper.release()
        runtimes = tuple(names.SERVICE_OF_TYPE.values())
        for group in ((names.GATEWAY,), runtimes, (names.REPOSITORY,), (MANAGER,)):
            keepers = [self._keepers[name] for name in group if self._keepers[name].pid]
            if keepers:
                self._say(f"stopping {', '.join(keeper.part.name for keeper in keepers)}")
                await asyncio.gather(*(keeper.stop(STOP_GRACE_S) for keeper in keepers))

    def _record(self) -> None:
        try:
            self._file.write(self._stack())
        except OSError as error:
            log.warning("%s cannot be written (%s): other commands see an old state", error.filename, error.strerror)

    def _stack(self) -> Stack:
        settings = self._settings
        return Stack(
            pid=os.getpid(),
            state=self._state,
            manager=settings.manager_url,
            gateway=settings.gateway_url,
            repository=settings.repository_url,
            xds=xds_address(self._run_dir),
            models=str(self._models),
            logs=str(logs_dir(settings.state_dir)),
            targets=str(targets_file(settings)),
            run_dir=str(self._run_dir),
            parts=tuple(
                RunningPart(name, keeper.pid, keeper.deaths, keeper.part.url, str(keeper.log_file))
                for name, keeper in self._keepers.items()
            ),
        )


def _end_of_log(keeper: Keeper) -> str:
    return f"The end of its log, {keeper.log_file}:\n{tail(keeper.log_file)}"


def _require_ports(settings: LocalSettings) -> None:
    ports = {MANAGER: settings.manager_port, names.GATEWAY: settings.gateway_port}
    ports[names.REPOSITORY] = settings.repository_port
    if len(set(ports.values())) < len(ports):
        raise SetupError("the manager, the gateway and the repository need three different ports")
    for name, port in ports.items():
        try:
            require_free(TcpAddress(LOOPBACK, port), f"the {name}")
        except SetupError as error:
            raise SetupError(f"{error} with --{name}-port or CATENARY_{name.upper()}_PORT") from error


def _make_run_dir() -> Path:
    """A new folder that only this user can enter, with a path short enough for the sockets in it."""
    parents = (Path(tempfile.gettempdir()), Path("/tmp"))  # noqa: S108 (a private folder is made inside)
    parent = next((p for p in parents if len(str(p)) <= LONGEST_TEMPORARY_FOLDER), parents[-1])
    try:
        return Path(tempfile.mkdtemp(prefix=RUN_DIR_PREFIX, dir=parent))
    except OSError as error:
        raise SetupError(f"no folder can be made in {parent}: {error.strerror}") from error


async def _either(task: asyncio.Task[Any], event: asyncio.Event) -> None:
    """Wait until the task is done or the event set."""
    waiter = asyncio.create_task(event.wait(), name="signal")
    await asyncio.wait({task, waiter}, return_when=asyncio.FIRST_COMPLETED)
    waiter.cancel()


@contextlib.contextmanager
def _stop_signals() -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Two events: the first INT, TERM or HUP sets the first, the next both."""
    asked, pressed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for number in numbers:
        loop.add_signal_handler(number, lambda: (pressed if asked.is_set() else asked).set())
    try:
        yield asked, pressed
    finally:
        for number in numbers:
            loop.remove_signal_handler(number)
