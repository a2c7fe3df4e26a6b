"""Real servers that tests start, stop, kill and freeze: Consul, Zipkin with its storage in memory, Prometheus, Rotel.

They listen on free loopback ports and keep them, and what they store, over a restart. A test that needs one is skipped,
with the reason, where it can neither be found nor fetched.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import ssl
import subprocess
import uuid
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
import fetched
import pytest
from mesh import until

from catenary.address import free_port

# Zipkin takes 6 s on an idle machine.
START_S = 90
STOP_S = 10


def or_skip(fetch: fetched.Fetch) -> Path:
    """What `fetch` gives; skips the test where it cannot."""
    try:
        return fetch()
    except fetched.CannotFetch as reason:
        pytest.skip(str(reason))


class Server(ABC):
    """`async with` it, or start and stop it by hand, from any event loop. Its files and its log are in `folder`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.log = folder / "log"
        self.url = ""
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def command(self) -> list[str | Path]:
        """What runs."""

    @abstractmethod
    async def is_ready(self) -> bool:
        """Whether it does its work; raises aiohttp.ClientError or TimeoutError while it does not answer."""

    @property
    def pid(self) -> int:
        assert self._process is not None, "it has not been started"
        return self._process.pid

    async def start(self) -> None:
        """Returns when it is ready; after a stop or a kill it comes back at the same address."""
        self._process = self._spawn()
        try:
            await until(self._answers, f"{self.url} ready; its log: {self.log}", START_S)
        except BaseException:
            await self.kill()
            raise

    def _spawn(self) -> subprocess.Popen[bytes]:
        # Not asyncio's: a server outlives the loop that started it.
        with self.log.open("ab") as log:
            return subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    async def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"it has ended: {self.log.read_text()}"
        with contextlib.suppress(aiohttp.ClientError, TimeoutError):
            return await self.is_ready()
        return False

    async def stop(self) -> None:
        """Ask it to end, and wait; kills what does not end in time."""
        try:
            await self._end(signal.SIGTERM)
        except AssertionError:
            await self.kill()
            raise

    async def kill(self) -> None:
        await self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Let it stand still, and return when it does: its sockets stay open, and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)
        os.waitpid(self.pid, os.WUNTRACED)

    def thaw(self) -> None:
        os.kill(self.pid, signal.SIGCONT)

    async def _end(self, number: int) -> None:
        process = self._process
        if process is None:
            return

        async def ended() -> bool:
            return process.poll() is not None

        if process.poll() is None:
            process.send_signal(number)
            process.send_signal(signal.SIGCONT)
        await until(ended, f"the end of {self.url}", STOP_S)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()


class ConsulAgent(Server):
    """A Consul server of its own, leader of itself. Nothing but its HTTP API is of use to anyone else.

    With `acl`, whoever shows no token may do nothing, and `token` may do everything; otherwise `token` is empty.
    With `tls`, the API speaks HTTPS only, with a certificate for localhost and 127.0.0.1 from the CA in `ca_file`.
    """

    def __init__(self, folder: Path, *, acl: bool = False, tls: bool = False) -> None:
        super().__init__(folder)
        self.program = or_skip(fetched.consul)
        self.host, self.port = "127.0.0.1", free_port()
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"
        self.token = str(uuid.uuid4()) if acl else ""
        self.ca_file = make_certificates(folder) if tls else None
        (folder / "agent.json").write_text(json.dumps(self._settings()))

    def command(self) -> list[str | Path]:
        return [self.program, "agent", "-config-file", self.folder / "agent.json"]

    async def is_ready(self) -> bool:
        # A consistent read of a key that is not there: 404 from a leader that has taken over, 500 before.
        path = f"/v1/kv/{uuid.uuid4()}?consistent"
        async with self.request("GET", path, timeout=aiohttp.ClientTimeout(total=2)) as answer:
            return answer.status == 404

    @contextlib.asynccontextmanager
    async def request(self, method: str, path: str, **options: Any) -> AsyncIterator[aiohttp.ClientResponse]:
        """One request to the API, with the token; `options` are aiohttp's."""
        headers = {"X-Consul-Token": self.token} if self.token else {}
        trusted = ssl.create_default_context(cafile=self.ca_file) if self.ca_file else True
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.request(method, self.url + path, ssl=trusted, **options) as answer,
        ):
            yield answer

    def _version(self) -> tuple[int, int]:
        said = subprocess.run([self.program, "version"], capture_output=True, text=True, check=True).stdout
        found = re.search(r"v(\d+)\.(\d+)", said)
        assert found, said
        return int(found[1]), int(found[2])

    def _settings(self) -> dict[str, Any]:
        version = self._version()
        scheme, other = ("https", "http") if self.ca_file else ("http", "https")
        ports = {scheme: self.port, other: -1, "server": free_port(), "serf_lan": free_port()}
        unused = ["dns", "grpc", "serf_wan", *(["grpc_tls"] if version >= (1, 14) else [])]
        settings: dict[str, Any] = {
            "server": True,
            "bootstrap": True,
            "node_name": "test",
            "data_dir": str(self.folder / "data"),
            "bind_addr": self.host,
            "client_addr": self.host,
            "ports": ports | dict.fromkeys(unused, -1),
            "performance": {"raft_multiplier": 1},
            "disable_update_check": True,
        }
        if self.token:
            root = "initial_management" if version >= (1, 11) else "master"
            tokens = {root: self.token, "agent": self.token}
            settings["acl"] = {"enabled": True, "default_policy": "deny", "tokens": tokens}
        if self.ca_file:
            files = {f"{part}_file": str(self.folder / f"{part}.pem") for part in ("ca", "cert", "key")}
            settings |= {"tls": {"defaults": files}} if version >= (1, 12) else files
        return settings


class ZipkinServer(Server):
    """Zipkin's server; its traces are gone when it ends."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.java, self.jar = or_skip(fetched.java), or_skip(fetched.zipkin_jar)
        self.host, self.port = "127.0.0.1", free_port()
        self.url = f"http://{self.host}:{self.port}"

    def command(self) -> list[str | Path]:
        port = {"ip": self.host, "port": self.port, "protocols[0]": "http"}
        listen = [f"--armeria.ports[0].{key}={value}" for key, value in port.items()]
        return [self.java, "-Xmx256m", "-jar", self.jar, "--zipkin.storage.type=mem", *listen]

    async def is_ready(self) -> bool:
        return await self._get("/health") is not None

    async def trace(self, trace_id: str, spans: int = 1) -> list[dict[str, Any]]:
        """The spans of a trace in Zipkin v2's form, waited for until there are at least so many."""
        found: list[dict[str, Any]] = []

        async def complete() -> bool:
            nonlocal found
            found = await self._get(f"/api/v2/trace/{trace_id}") or []
            return len(found) >= spans

        await until(complete, f"{spans} spans of trace {trace_id} in Zipkin")
        return found

    async def _get(self, path: str) -> Any:
        """The JSON document at `path`, or None."""
        timeout = aiohttp.ClientTimeout(total=5)
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self.url + path) as answer:
            return await answer.json() if answer.status == 200 else None


class OtlpReceiver(Server):
    """Rotel: a collector that takes OTLP over HTTP at `url`, and writes what it has taken to its log."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.program = or_skip(fetched.rotel)
        self._http, self._grpc = (f"127.0.0.1:{free_port()}" for _ in range(2))
        self.url = f"http://{self._http}"

    def command(self) -> list[str | Path]:
        listen = ["--otlp-http-endpoint", self._http, "--otlp-grpc-endpoint", self._grpc]
        return [self.program, "start", *listen, "--exporter=blackhole", "--debug-log=traces", *_IN_DETAIL]

    async def is_ready(self) -> bool:
        document = {"resourceSpans": []}
        async with aiohttp.ClientSession() as session, session.post(f"{self.url}/v1/traces", json=document) as answer:
            return answer.status == 200

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace that have come, in Zipkin's form."""
        found = []
        for of_process in self.log.read_text().split("ResourceSpans #")[1:]:
            resource, *spans = re.split(r"^Span #", of_process, flags=re.MULTILINE)
            service = _ATTRIBUTE.findall(resource)
            found += [_as_zipkins(span, dict(service)["service.name"]) for span in spans]
        return [span for span in found if span["traceId"] == trace_id]


_IN_DETAIL = ("--debug-log-verbosity=detailed",)
_ATTRIBUTE = re.compile(r"^ +-> ([\w.]+): \w+\((.*)\)$", re.MULTILINE)
_FIELD = re.compile(r"^ *([A-Z][\w ]*?) *: ?(.*)$", re.MULTILINE)


def _as_zipkins(text: str, service: str) -> dict[str, Any]:
    """A span as Rotel writes it down."""
    fields = dict(_FIELD.findall(text))
    began_ns, ended_ns = int(fields["Start time"]), int(fields["End time"])
    tags = dict(_ATTRIBUTE.findall(text))
    if fields["Status code"] == "STATUS_CODE_ERROR":
        tags["error"] = fields["Status message"]
    span = {
        "traceId": fields["Trace ID"],
        "id": fields["ID"],
        "name": fields["Name"],
        "timestamp": began_ns // 1_000,
        "duration": (ended_ns - began_ns) // 1_000,
        "localEndpoint": {"serviceName": service},
        "tags": tags,
    }
    if fields["Parent ID"]:
        span["parentId"] = fields["Parent ID"]
    if (kind := fields["Kind"].removeprefix("SPAN_KIND_")) != "INTERNAL":
        span["kind"] = kind
    return span


class Prometheus(Server):
    """Prometheus with the configuration in `config_file`; `with_consul`: one that finds targets in Consul."""

    def __init__(self, folder: Path, config_file: Path, *, with_consul: bool = False) -> None:
        super().__init__(folder)
        self.program = or_skip(lambda: fetched.prometheus(with_consul=with_consul)) / "prometheus"
        self.config_file = config_file
        self.host, self.port = "127.0.0.1", free_port()
        self.url = f"http://{self.host}:{self.port}"

    def command(self) -> list[str | Path]:
        places = [f"--config.file={self.config_file}", f"--storage.tsdb.path={self.folder / 'data'}"]
        return [self.program, *places, f"--web.listen-address={self.host}:{self.port}"]

    async def is_ready(self) -> bool:
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/-/ready") as answer:
            return answer.status == 200

    async def query(self, expression: str) -> list[dict[str, Any]]:
        """The instant vector that `expression` is now: `metric` with the labels, `value` with time and value."""
        data: dict[str, Any] = await self._get("query", query=expression)
        return list(data["result"])

    async def targets(self) -> list[dict[str, Any]]:
        """What is scraped: `labels`, `scrapeUrl`, `health`, `lastError`."""
        return list((await self._get("targets"))["activeTargets"])

    async def _get(self, path: str, **query: str) -> Any:
        timeout = aiohttp.ClientTimeout(total=10)
        async with (
            aiohttp.ClientSession(timeout=timeout) as session,
            session.get(f"{self.url}/api/v1/{path}", params=query) as answer,
        ):
            document = await answer.json()
            assert document["status"] == "success", document
            return document["data"]


def make_certificates(folder: Path) -> Path:
    """Write a CA (`ca.pem`), a server's certificate from it (`cert.pem`, `key.pem`); gives the CA's file."""
    # Python 3.13 and newer refuse certificates that do not say what they are for.
    usage = "-addext keyUsage=critical,keyCertSign"
    names = "-addext basicConstraints=critical,CA:FALSE -addext subjectAltName=DNS:localhost,IP:127.0.0.1"
    steps = [
        f"req -x509 -subj /CN=tests {usage} -keyout ca-key.pem -out ca.pem",
        f"req -x509 -subj /CN=localhost {names} -CA ca.pem -CAkey ca-key.pem -keyout key.pem -out cert.pem",
    ]
    for step in steps:
        openssl = ["openssl", *step.split(), "-newkey", "rsa:2048", "-noenc", "-days", "2"]
        done = subprocess.run(openssl, cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return folder / "ca.pem"
