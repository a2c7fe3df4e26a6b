"""A local stack that is watched: pipelines that fail in every way there is, and the load that makes them."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import sys
from collections import Counter
from types import TracebackType
from typing import Any, Self

import aiohttp
from local_stack import LocalStack

from catenary import data, names
from catenary.address import free_port
from catenary.client import Client

CHAIN = ["serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark"]
PIPELINES: list[dict[str, Any]] = [
    {"name": "endpointML", "chain": CHAIN},
    {"name": "flowers", "chain": ["serving-scikit/iris"]},
    {"name": "limited", "chain": ["serving-scikit/iris"], "limits": {"requests_per_s": 0.5}},
    {"name": "lost", "chain": ["serving-lost/model"]},
    {"name": "shaky", "chain": ["serving-shaky/model"]},
]


EVERY_OTHER = """
import itertools, sys
from http.server import BaseHTTPRequestHandler, HTTPServer

tries = itertools.count()

class EveryOther(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(204)
        self.end_headers()

    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200 if next(tries) % 2 else 503)
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, *words):
        pass

HTTPServer(("127.0.0.1", int(sys.argv[1])), EveryOther).serve_forever()
"""
"""A server that answers every other request, and knows nothing of Catenary."""


def start_shaky(stack: LocalStack) -> None:
    """Start that server behind a sidecar, and return when it is registered."""
    program, port = stack.folder / "every_other.py", str(free_port())
    program.write_text(EVERY_OTHER)
    stack.start("sidecar", "--service", "serving-shaky", "--port", port, "--", sys.executable, str(program), port)
    manager = Client(url(stack, "manager"))
    stack.until(
        lambda: any(instance["service"] == "serving-shaky" for instance in manager.call("GET", names.INSTANCES_PATH)),
        "an instance of serving-shaky",
    )


def url(stack: LocalStack, part: str) -> str:
    return f"http://127.0.0.1:{stack.ports[part]}"


class Load:
    """Requests that are answered, and that fail at a step, a deadline, a limit, and for want of an instance.

    An async context: inside it an instance is registered at whose address there is nobody.
    """

    def __init__(self, stack: LocalStack) -> None:
        self.statuses: Counter[tuple[str, int]] = Counter()
        """By pipeline and status."""
        self._manager, self._gateway = url(stack, "manager"), url(stack, "gateway")
        self._nobody = f"127.0.0.1:{free_port()}"
        self._pm = json.loads((data.models_dir() / "custom" / "pm_scikit" / "request.json").read_text())
        self._iris = json.loads((data.models_dir() / "scikit" / "iris" / "request.json").read_text())
        self._deadlines_s = itertools.count(30.0)
        self._open = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        self._http = await self._open.enter_async_context(aiohttp.ClientSession())
        await self._renew()
        await self._write()
        # By a task of its own: a round may take longer than a lease.
        renewing = asyncio.create_task(self._keep(), name="renew the instance that is not there")
        self._open.callback(renewing.cancel)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._open.aclose()

    async def round(self) -> None:
        """Some of each, and a change of a pipeline."""
        asked = [
            *[("endpointML", self._pm, {})] * 4,
            ("endpointML", self._pm, {names.TIMEOUT_MS: "1"}),
            *[("flowers", self._iris, {})] * 8,
            ("flowers", [{}], {}),
            *[("limited", self._iris, {})] * 2,
            ("lost", [{}], {}),
        ]
        await asyncio.gather(*(self._ask(*one) for one in asked))
        await self._ask("shaky", [{}], {})
        await self._write()

    async def _keep(self) -> None:
        while True:
            await asyncio.sleep(1)
            await self._renew()

    async def _renew(self) -> None:
        lost = {"id": "serving-lost-1", "service": "serving-lost", "address": self._nobody}
        await self._put(f"{names.INSTANCES_PATH}/serving-lost-1", lost)

    async def _write(self) -> None:
        """Keep all pipelines but one, which gets another deadline."""
        for pipeline in (*PIPELINES, PIPELINES[1] | {"timeout_s": next(self._deadlines_s)}):
            await self._put(f"{names.PIPELINES_PATH}/{pipeline['name']}", pipeline)

    async def _put(self, path: str, document: dict[str, Any]) -> None:
        async with self._http.put(self._manager + path, json=document) as answer:
            assert answer.status in (200, 201), await answer.text()

    async def _ask(self, pipeline: str, rows: object, headers: dict[str, str]) -> None:
        path = f"{self._gateway}{names.SERVE_PATH}/{pipeline}"
        async with self._http.post(path, json=rows, headers=headers) as answer:
            await answer.read()
            self.statuses[pipeline, answer.status] += 1
