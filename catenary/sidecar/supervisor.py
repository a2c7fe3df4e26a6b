"""The life of one instance: start its Envoy and its app, keep it registered, let it end."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import secrets
import shutil
import signal
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import orjson

from catenary import logs, names
from catenary.address import (
    LOOPBACK,
    WILDCARD,
    Address,
    TcpAddress,
    parse_address,
    parse_addresses,
    parse_tcp_address,
    reachable,
    require_free,
)
from catenary.errors import SetupError, Unavailable
from catenary.http import listening
from catenary.logs import LogFormat
from catenary.messages import Instance
from catenary.node import Node
from catenary.settings import urls
from catenary.sidecar.admin import EnvoyAdmin
from catenary.sidecar.advertise import advertised
from catenary.sidecar.bootstrap import bootstrap, envoy_command
from catenary.sidecar.children import Child, Children
from catenary.sidecar.envoy_binary import find_envoy
from catenary.sidecar.health import GrpcHealthCheck, HealthCheck, HttpHealthCheck
from catenary.sidecar.init import become_init_if_first
from catenary.sidecar.listen import listen_address
from catenary.sidecar.manager_client import ManagerClient
from catenary.sidecar.membership import Membership
from catenary.sidecar.metrics import MetricsPage
from catenary.sidecar.output import share_output
from catenary.sidecar.settings import SidecarSettings

log = logging.getLogger(__name__)


def run(settings: SidecarSettings, command: Sequence[str]) -> int:
    """Run `command` behind an Envoy until TERM or INT, or until either ends; the main of a process of its own.

    Returns the exit status: 0 after TERM or INT; else that of the one that ended, 128 + n if signal n ended it, 1 if it
    ended with 0 though nobody had asked it to. A second TERM or INT kills both without waiting for requests under way.
    Raises SetupError where they cannot be started, or do not serve within `settings.start_timeout_s`.
    """
    logs.configure(settings.service, settings.log_level, settings.log_format)
    become_init_if_first()
    envoy = find_envoy()
    with listen_address(settings.listen) as listen, _private_folder(settings.run_dir) as folder:
        instance = _Instance(
            settings=settings,
            folder=folder,
            node=Node(
                id=f"{settings.service}-{secrets.token_hex(4)}",
                service=settings.service,
                role=settings.role,
                listen=listen,
                app=_app_address(settings.port, folder),
                body_bytes=settings.body_bytes,
                app_protocol=settings.app_protocol,
                access_log=_access_log(settings),
            ),
        )
        return asyncio.run(_supervise(instance, envoy, command))


@dataclass(frozen=True, slots=True)
class _Instance:
    settings: SidecarSettings
    folder: Path
    node: Node

    @property
    def admin_socket(self) -> Path:
        return self.folder / "admin.sock"

    def envoy_command(self, envoy: Path) -> list[str]:
        file = self.folder / "envoy.json"
        file.write_bytes(orjson.dumps(bootstrap(self.node, parse_addresses(self.settings.xds), self.admin_socket)))
        return envoy_command(envoy, file, self.node, self.settings.log_format)

    def app_environment(self) -> dict[str, str]:
        """What the app is told: who it is, where to listen, its limit, and where the manager is."""
        told = {
            "CATENARY_SERVICE": self.node.service,
            "CATENARY_INSTANCE": self.node.id,
            "CATENARY_LISTEN": str(self.node.app),
            "CATENARY_MANAGER": self.settings.manager,
            "CATENARY_BODY_BYTES": str(self.settings.body_bytes),
        }
        if self.settings.port is not None:
            told["PORT"] = str(self.settings.port)
        return os.environ | told

    def metrics_address(self) -> TcpAddress:
        """With port 0 where any port of the loopback will do."""
        asked = self.settings.metrics
        return parse_tcp_address(asked) if asked else TcpAddress(LOOPBACK, 0)

    def membership(self, http: aiohttp.ClientSession, metrics: TcpAddress) -> Membership:
        """`metrics`: where they are served."""
        settings = self.settings
        health_path = _health_path(settings)
        here = reachable(self.node.listen)
        managers = urls(settings.manager)
        told = parse_tcp_address(settings.advertise) if settings.advertise else None
        # What listens on one address alone is reached there, whatever stands for the Envoy.
        metrics_told = TcpAddress(told.host, metrics.port) if told and metrics.host == WILDCARD else None
        hosts = tuple(map(_host_and_port, managers))
        return Membership(
            Instance(
                id=self.node.id,
                service=self.node.service,
                address=str(here),
                version=settings.instance_version,
                health_path=health_path,
            ),
            functools.partial(advertised, self.node.listen, told, hosts),
            functools.partial(advertised, metrics, metrics_told, hosts),
            self._health_check(http, f"http://{here}", health_path),
            ManagerClient(http, managers),
            # A server that knows nothing of Catenary may be able to do only one thing at a time.
            hang_s=settings.hang_s if health_path or settings.app_protocol == "grpc" else 0.0,
            health_file=settings.health_file,
        )

    def _health_check(self, http: aiohttp.ClientSession, url: str, path: str | None) -> HealthCheck:
        timeout_s = self.settings.health_timeout_s
        if self.settings.app_protocol == "grpc" and path is None:
            return GrpcHealthCheck(http, url, timeout_s=timeout_s)
        return HttpHealthCheck(http, url + (path or "/"), lenient=path is None, timeout_s=timeout_s)


async def _supervise(instance: _Instance, envoy_binary: Path, command: Sequence[str]) -> int:
    page = MetricsPage(instance.node, instance.admin_socket)
    with _stop_signals() as (asked, pressed):
        async with (
            Children(instance.folder) as children,
            aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as http,
            listening(page.application(), instance.metrics_address(), drain_s=0.5) as metrics,
        ):
            membership = instance.membership(http, metrics)
            page.follow(membership)
            envoy = await children.start("its Envoy", instance.envoy_command(envoy_binary))
            app = await children.start("the app", command, instance.app_environment())
            life = asyncio.create_task(_live(instance, membership, envoy, app, asked), name="life")
            hurry = asyncio.create_task(pressed.wait(), name="hurry")
            await asyncio.wait({life, hurry}, return_when=asyncio.FIRST_COMPLETED)
            hurry.cancel()
            if not life.done():
                log.warning("asked again to stop: killing the app and its Envoy")
                life.cancel()
                await asyncio.wait({life})
            return 0 if life.cancelled() else life.result()


async def _live(instance: _Instance, member: Membership, envoy: Child, app: Child, asked: asyncio.Event) -> int:
    """From the start of both to the end of both; returns the exit status."""
    settings = instance.settings
    leave = asyncio.Event()
    membership = asyncio.create_task(member.keep(leave, settings.start_timeout_s), name="membership")
    stop = asyncio.create_task(asked.wait(), name="stop")
    try:
        await asyncio.wait({membership, stop, app.ended, envoy.ended}, return_when=asyncio.FIRST_COMPLETED)
        dead = next((child for child in (app, envoy) if child.ended.done()), None)
        hangs = membership.done() and not membership.exception() and not membership.result()
        if hangs and not dead:
            log.error("the app has answered nothing for %g s: killing it", settings.hang_s)
            return 1
        if dead:
            log.error("%s has ended with status %d: stopping", dead.name, dead.ended.result())
        elif stop.done():
            log.info("stopping")
        leave.set()
        await asyncio.wait({membership})
        if not dead and stop.done():
            await _drain(instance)
        for child in (app, envoy):
            if not await child.stop(settings.stop_s):
                log.warning("%s did not end within %g s and was killed", child.name, settings.stop_s)
        membership.result()
        return (dead.ended.result() or 1) if dead else 0
    finally:
        membership.cancel()
        stop.cancel()


async def _drain(instance: _Instance) -> None:
    drain_s = instance.settings.drain_s
    try:
        async with asyncio.timeout(drain_s), EnvoyAdmin(instance.admin_socket) as admin:
            await admin.drain()
    except TimeoutError:
        log.warning("requests are still under way after %g s: stopping all the same", drain_s)
    except Unavailable as error:
        log.warning("cannot wait for requests under way: %s", error)


@contextlib.contextmanager
def _stop_signals() -> Iterator[tuple[asyncio.Event, asyncio.Event]]:
    """Two events that TERM and INT set: the first signal the first, the next both."""
    asked, pressed = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def on_signal() -> None:
        (pressed if asked.is_set() else asked).set()

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, on_signal)
    yield asked, pressed


@contextlib.contextmanager
def _private_folder(parent: Path) -> Iterator[Path]:
    """A new folder that only this user can enter, removed at the end of the block."""
    try:
        folder = Path(tempfile.mkdtemp(prefix="catenary-", dir=parent.absolute()))
    except OSError as error:
        raise SetupError(f"CATENARY_RUN_DIR: no folder can be made in {parent}: {error.strerror}") from error
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _access_log(settings: SidecarSettings) -> LogFormat | None:
    if settings.role != "gateway":
        return None
    try:
        share_output()
    except OSError as error:
        log.warning("no line is written for a request: standard output cannot be opened by name: %s", error.strerror)
        return None
    return settings.log_format


def _health_path(settings: SidecarSettings) -> str | None:
    """None for an app that knows nothing of Catenary, or speaks gRPC, and of which no path was named."""
    knows = settings.port is None and settings.app_protocol == "http"
    return settings.health_path or (names.HEALTH_PATH if knows else None)


def _host_and_port(url: str) -> TcpAddress:
    parts = urlsplit(url)
    return TcpAddress(parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80))


def _app_address(port: int | None, folder: Path) -> Address:
    if port is None:
        try:
            return parse_address(f"unix:{folder}/app.sock")
        except ValueError as error:
            raise SetupError(f"CATENARY_RUN_DIR: {error}; choose a shorter folder") from error
    address = TcpAddress(LOOPBACK, port)
    require_free(address, "the app")
    return address
