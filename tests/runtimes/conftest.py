"""A real repository over a temporary folder, and runtimes that follow it, in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from catenary.address import TcpAddress, free_port
from catenary.http import listening
from repository.api import application
from repository.index import Index
from repository.watch import watching
from runtimes.base.api import runtime_app
from runtimes.base.main import serving, telling
from runtimes.base.settings import RuntimeSettings


class Shop:
    """The repository's folder of models, and the repository itself, which can go away and come back."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._address = TcpAddress("127.0.0.1", free_port())
        self.url = f"http://{self._address}"
        self._stop = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def open(self) -> None:
        opened = asyncio.Event()
        self._stop.clear()
        self._running = asyncio.create_task(self._run(opened))
        await opened.wait()

    async def close(self) -> None:
        self._stop.set()
        if self._running:
            await self._running

    async def _run(self, opened: asyncio.Event) -> None:
        index = Index()
        async with watching(self.root, index), listening(application(index, self.root), self._address, drain_s=0):
            opened.set()
            await self._stop.wait()
            index.close()

    def put(self, model: str, files: dict[str, str | bytes]) -> None:
        """Write files of the model `<runtime>/<model>`, over those that are there."""
        for path, content in files.items():
            file = self.root / model / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content if isinstance(content, bytes) else content.encode())

    def put_custom(self, name: str, code: str, *, inputs: list[str], outputs: list[str], **files: str) -> None:
        """A custom model whose `model.py` is `code`."""
        metadata = json.dumps({"model": name, "inputs": inputs, "outputs": outputs})
        self.put(f"custom/{name}", {"model.py": code, "metadata.json": metadata, **files})

    def remove(self, model: str) -> None:
        shutil.rmtree(self.root / model, ignore_errors=True)


class Client:
    """What a test says to one runtime over HTTP."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def post(
        self, model: str, rows: Any = None, *, body: bytes | None = None, timeout_ms: int | str | None = None
    ) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        headers = {} if timeout_ms is None else {"x-catenary-timeout-ms": str(timeout_ms)}
        content = json.dumps(rows).encode() if body is None else body
        async with self.session.post(f"{self.url}/{model}", data=content, headers=headers) as response:
            return response.status, await response.json(content_type=None)

    async def get(self, path: str) -> tuple[int, Any]:
        async with self.session.get(f"{self.url}/{path}") as response:
            return response.status, await response.json(content_type=None)

    async def until(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """The health document, once it fulfils `condition`; fails after 20 s."""
        health: dict[str, Any] = {}
        try:
            async with asyncio.timeout(20):
                while True:
                    _, health = await self.get("health")
                    if condition(health):
                        return health
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pytest.fail(f"the runtime never came to what the test waits for; its health is {health}")

    async def model(self, name: str, **expected: str) -> dict[str, Any]:
        """What health says of model `name`, once it has these values."""
        health = await self.until(lambda health: any(m["name"] == name and m | expected == m for m in health["models"]))
        return next(m for m in health["models"] if m["name"] == name)

    async def ready(self) -> dict[str, Any]:
        return await self.until(lambda health: health["status"] == "ready")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    root = tmp_path / "models"
    root.mkdir()
    shop = Shop(root)
    await shop.open()
    yield shop
    await shop.close()


@pytest.fixture
def run_runtime(tmp_path: Path):
    """`async with run_runtime(runtime, shop) as client`: a runtime over `shop`; further arguments are its settings."""

    @contextlib.asynccontextmanager
    async def run(runtime, shop, **options) -> AsyncIterator[Client]:
        settings = RuntimeSettings(repository=shop.url, **{"cache": tmp_path / "cache", **options})
        address = TcpAddress("127.0.0.1", free_port())
        async with (
            telling(runtime, settings) as spans,
            serving(runtime, settings) as core,
            listening(runtime_app(core, settings.body_bytes, spans), address, drain_s=0),
            aiohttp.ClientSession() as session,
        ):
            yield Client(session, f"http://{address}")

    return run
