"""A folder of models to write into, and a repository that serves it over a socket."""

from __future__ import annotations

import asyncio
import contextlib
import json
import pickle
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import aiohttp
import pytest

from catenary.address import UnixAddress
from catenary.http import listening
from repository.api import application
from repository.index import Index
from repository.watch import watching

PATIENCE_S = 15
PICKLE = pickle.dumps({"weights": list(range(50))})
PARQUET = b"PAR1 rows PAR1"


def declared(**changes: object) -> bytes:
    return json.dumps({"model": "m", "inputs": ["a", "b"], "outputs": ["prediction"]} | changes).encode()


class Models:
    """Writes models; each method gives the folder that it wrote."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def write(self, place: str, files: dict[str, bytes]) -> Path:
        folder = self.root / place
        for path, content in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(content)
        return folder

    def scikit(self, name: str, content: bytes = PICKLE) -> Path:
        return self.write(f"scikit/{name}", {"metadata.json": declared(), "model.pkl": content})

    def custom(self, name: str, code: bytes = b"def load(path): ...\n") -> Path:
        return self.write(f"custom/{name}", {"metadata.json": declared(), "model.py": code})

    def spark(self, name: str, *stages: dict[str, object]) -> Path:
        """A saved pipeline; a stage is its class's simple name, uid and paramMap."""
        uids = [str(stage["uid"]) for stage in stages]
        files = {"metadata/part-00000": _spark_metadata("PipelineModel", "pipeline", {"stageUids": uids})}
        width = len(str(len(stages)))
        for position, stage in enumerate(stages):
            folder = f"stages/{position:0{width}d}_{stage['uid']}"
            metadata = _spark_metadata(str(stage["class"]), str(stage["uid"]), stage["params"])
            files[f"{folder}/metadata/part-00000"] = metadata
            for data in ("data", "treesMetadata") if "Forest" in str(stage["class"]) else ("data",):
                if str(stage["class"]).endswith("Model"):
                    files[f"{folder}/{data}/part-00000.parquet"] = PARQUET
        return self.write(f"spark/{name}", files)


def _spark_metadata(class_name: str, uid: str, params: object) -> bytes:
    return json.dumps({"class": f"org.apache.spark.ml.{class_name}", "uid": uid, "paramMap": params}).encode() + b"\n"


class Client:
    """Talks to the repository whose socket is `socket`."""

    def __init__(self, socket: Path, session: aiohttp.ClientSession, index: Index) -> None:
        self.socket = socket
        self.session = session
        self.index = index

    def get(self, path: str, **headers: str) -> aiohttp.client._RequestContextManager:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.get(f"http://repository{path}", headers=names)

    async def json(self, path: str) -> object:
        async with self.get(path) as response:
            assert response.status == 200, await response.text()
            return await response.json()

    async def error(self, path: str) -> tuple[int, str]:
        async with self.get(path) as response:
            problem = await response.json(content_type="application/problem+json")
            assert problem["status"] == response.status
            return response.status, problem["detail"]

    async def raw(self, target: str) -> tuple[int, bytes]:
        """The answer to a request line that no client would write."""
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        writer.write(f"GET {target} HTTP/1.1\r\nhost: repository\r\nconnection: close\r\n\r\n".encode())
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        head, _, body = answer.partition(b"\r\n\r\n")
        return int(head.split()[1]), body

    async def until(self, name: str, state: str | None, reason: str = "", runtime: str | None = None) -> dict[str, str]:
        """The index entry of `name` once it is in `state` and its reason holds `reason`; None: once it is gone."""

        def reached(entries: list[dict[str, str]]) -> dict[str, str] | None:
            of_name = [e for e in entries if e["name"] == name and runtime in (None, e["runtime"])]
            if state is None:
                return None if of_name else {}
            return next((e for e in of_name if e["state"] == state and reason in e["reason"]), None)

        return await self.follow(reached)

    async def follow(self, reached: Callable[[list[dict[str, str]]], dict[str, str] | None]) -> dict[str, str]:
        entries: list[dict[str, str]] = []
        etag = ""
        try:
            async with asyncio.timeout(PATIENCE_S):
                while True:
                    async with self.get("/index?wait=10", if_none_match=etag) as response:
                        if response.status == 200:
                            entries = await response.json()
                            etag = response.headers["etag"]
                    if (found := reached(entries)) is not None:
                        return found
        except TimeoutError:
            pytest.fail(f"not within {PATIENCE_S} s; the index is {entries}")


@pytest.fixture
def models(tmp_path: Path) -> Models:
    root = tmp_path / "models"
    root.mkdir()
    return Models(root.resolve())


@pytest.fixture
def socket() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder) / "s"


@pytest.fixture
async def repository(models: Models, socket: Path) -> AsyncIterator[Client]:
    index = Index()
    connector = aiohttp.UnixConnector(str(socket))
    async with contextlib.AsyncExitStack() as stack:
        await stack.enter_async_context(watching(models.root, index))
        await stack.enter_async_context(listening(application(index, models.root), UnixAddress(str(socket)), drain_s=1))
        session = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
        yield Client(socket, session, index)
        index.close()
