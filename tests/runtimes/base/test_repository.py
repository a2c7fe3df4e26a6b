"""The repository is killed, or answers wrongly: what is loaded serves on, and never a wrong model."""

from __future__ import annotations

import contextlib
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from load import Load
from mesh import Process, until

from catenary.address import TcpAddress, free_port
from runtimes.custom.runtime import CustomRuntime

MODEL = """
class Model:
    def predict(self, rows):
        return [row | {{"answer": {!r}}} for row in rows]

def load(path):
    return Model()
"""


def put(shop: Any, answer: str) -> None:
    """A model whose rows get `answer`; the same number of bytes for words of one length."""
    shop.put_custom("echo", MODEL.format(answer), inputs=["x"], outputs=["answer"])


def load(url: str, *right: str) -> Load:
    return Load([f"{url}/echo"], [{"x": 1}], right=lambda rows: rows[0]["answer"] in right)


class Spoiler:
    """Stands before a repository, and spoils its answers to paths that begin with `path`, in the way of `how`."""

    def __init__(self, url: str) -> None:
        self.path = ""
        self.how = ""
        self._address = TcpAddress("127.0.0.1", free_port())
        self.url = f"http://{self._address}"
        self._behind = url

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Spoiler]:
        app = web.Application()
        app.router.add_get("/{path:.*}", self._answer)
        # Whoever has asked for the index and goes leaves no one waiting for it.
        runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
        async with aiohttp.ClientSession() as self._session:
            await runner.setup()
            await web.TCPSite(runner, self._address.host, self._address.port).start()
            yield self
            await runner.cleanup()

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() == "if-none-match"}
        async with self._session.get(self._behind + request.raw_path, headers=headers) as answer:
            body, status = await answer.read(), answer.status
            etag = {"etag": answer.headers["etag"]} if "etag" in answer.headers else {}
        if self.path and request.path.startswith(self.path) and status == 200:
            return await self._spoilt(request, body)
        return web.Response(status=status, body=body, headers=etag)

    async def _spoilt(self, request: web.Request, body: bytes) -> web.StreamResponse:
        match self.how:
            case "is no longer":
                return web.Response(status=500, text="not now")
            case "is another page":
                return web.Response(text="<html>Welcome</html>", content_type="text/html")
            case "is other JSON":
                return web.json_response({"name": "echo", "version": 1})
            case "is short":
                return web.Response(body=body[: len(body) // 2])
            case "is long":
                return web.Response(body=body * 2)
            case "is empty":
                return web.Response(body=b"")
            case "is not what it says":
                return web.Response(body=body.replace(b"new", b"bad").replace(b'sha256":"', b'sha256":"0000'))
        assert self.how == "breaks off"
        response = web.StreamResponse(headers={"content-length": str(len(body))})
        await response.prepare(request)
        await response.write(body[: len(body) // 2])
        assert request.transport
        request.transport.abort()
        return response


ANY = ("is no longer", "is another page", "is empty", "is short", "breaks off")
SPOILT = [
    *(("/index", how) for how in (*ANY, "is other JSON")),
    *(("/metadata", how) for how in (*ANY, "is other JSON", "is not what it says")),
    *(("/download/echo/model.py", how) for how in (*ANY, "is long", "is not what it says")),
]


@pytest.mark.parametrize(("path", "how"), SPOILT)
async def test_of_an_answer_that_is_spoilt_nothing_is_served(
    shop: Any, run_runtime: Any, tmp_path: Path, path: str, how: str
) -> None:
    put(shop, "old")
    async with (
        Spoiler(shop.url).listening() as spoiler,
        run_runtime(CustomRuntime(), spoiler) as running,
    ):
        old = await running.model("echo", state="ready")
        async with load(running.url, "old", "new") as served:
            spoiler.path, spoiler.how = path, how
            put(shop, "new")
            async with run_runtime(CustomRuntime(), spoiler, cache=tmp_path / "another") as starting:
                # Whoever asks a new instance is told to come again, and why.
                waits = await starting.until(lambda h: "(" in h["waiting_for"] or any(m["reason"] for m in h["models"]))
                assert waits["status"] == "starting"
                assert (await starting.post("echo", [{"x": 1}], timeout_ms=300))[0] == 503
                assert (await running.model("echo"))["version"] == old["version"]
                assert await running.post("echo", [{"x": 1}]) == (200, [{"x": 1, "answer": "old"}])
                spoiler.path = ""
                for client in (running, starting):
                    await client.until(lambda h: h["models"] and h["models"][0]["version"] not in ("", old["version"]))
                    await client.model("echo", state="ready", reason="")
                    assert await client.post("echo", [{"x": 1}]) == (200, [{"x": 1, "answer": "new"}])
    assert served.failures == []


class Processes:
    """A repository and runtimes over it, as users start them; only what is killed goes."""

    def __init__(
        self, models: Path, folder: Path, stack: contextlib.AsyncExitStack, session: aiohttp.ClientSession
    ) -> None:
        self._models = models
        self._folder = folder
        self._stack = stack
        self._session = session
        self._listen = f"127.0.0.1:{free_port()}"

    async def start(self, module: str, name: str, listen: str, **settings: str) -> Process:
        environment = {"CATENARY_LISTEN": listen, "CATENARY_CACHE": str(self._folder / name), **settings}
        process = await Process.start([sys.executable, "-m", module], self._folder / f"{name}.log", **environment)
        self._stack.push_async_callback(process.stop, signal.SIGKILL)
        return process

    async def start_repository(self) -> Process:
        return await self.start("repository", "shop", self._listen, CATENARY_MODEL_DIRECTORY=str(self._models))

    async def start_runtime(self, name: str) -> tuple[Process, str]:
        listen = f"127.0.0.1:{free_port()}"
        repository = f"http://{self._listen}"
        return await self.start("runtimes.custom", name, listen, CATENARY_REPOSITORY=repository), f"http://{listen}"

    async def until_health(self, url: str, status: int, words: str = "") -> None:
        async def says() -> bool:
            with contextlib.suppress(aiohttp.ClientError):
                async with self._session.get(f"{url}/health") as answer:
                    return answer.status == status and words in await answer.text()
            return False

        await until(says, f"{url} is {status} and says {words!r}")


@pytest.fixture
async def processes(shop: Any, tmp_path: Path) -> AsyncIterator[Processes]:
    """Over the folder of `shop`, which is no repository itself any more."""
    await shop.close()
    async with contextlib.AsyncExitStack() as stack, aiohttp.ClientSession() as session:
        yield Processes(shop.root, tmp_path, stack, session)


@pytest.mark.parametrize("fault", [signal.SIGKILL, signal.SIGSTOP], ids=["is-killed", "is-frozen"])
async def test_while_the_repository_is_away_what_is_loaded_serves_on_and_what_is_new_waits(
    processes: Processes, shop: Any, fault: signal.Signals
) -> None:
    put(shop, "old")
    repository = await processes.start_repository()
    _, loaded = await processes.start_runtime("loaded")
    await processes.until_health(loaded, 200)
    async with load(loaded, "old", "new") as served:
        repository.child.send_signal(fault)
        new, waiting = await processes.start_runtime("waiting")
        await processes.until_health(waiting, 503, "the repository at http://127.0.0.1")
        if fault == signal.SIGKILL:
            await processes.until_health(waiting, 503, "Connect")
            assert new.log.read_text().count("the repository is away") == 1
        await processes.until_health(loaded, 200, "ready")
        put(shop, "new")
        await served.answers(200)
        if fault == signal.SIGKILL:
            await repository.stop()
            await processes.start_repository()
        else:
            repository.child.send_signal(signal.SIGCONT)
        await processes.until_health(waiting, 200)
        async with load(waiting, "old", "new") as also, load(waiting, "new") as changed, load(loaded, "new") as there:
            await changed.answers(10)
            await there.answers(10)
            await also.answers(10)
    assert served.failures == also.failures == []
