"""A repository that means harm: nothing that it names is written outside the cache, and nothing hangs a runtime."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from aiohttp import web

from catenary.address import TcpAddress, free_port
from catenary.http import application, json_response, listening
from runtimes.custom.runtime import CustomRuntime

CODE = b"def load(path):\n    return None\n"


class Liar:
    """Serves an index of one custom model, whatever it is told to say of it, and for every file the same bytes."""

    def __init__(self) -> None:
        self.index: Any = [{"name": "m", "runtime": "custom", "state": "ready", "version": "1"}]
        self.metadata: Any = None
        self.content = CODE
        self.asked: list[str] = []
        self.url = ""

    def names_files(self, *paths: str, **changes: Any) -> None:
        sha256 = hashlib.sha256(self.content).hexdigest()
        files = [{"path": path, "size_bytes": len(self.content), "sha256": sha256} | changes for path in paths]
        self.metadata = {"name": "m", "runtime": "custom", "version": "1", "inputs": [], "outputs": [], "files": files}

    async def answer(self, request: web.Request) -> web.StreamResponse:
        self.asked.append(unquote(request.rel_url.raw_path))
        if request.path == "/index":
            return json_response(self.index)
        if request.path.startswith("/metadata/"):
            return json_response(self.metadata)
        return web.Response(body=self.content)


@pytest.fixture
async def liar() -> AsyncIterator[Liar]:
    liar = Liar()
    app = application(max_body_bytes=1024)
    app.router.add_get("/{path:.*}", liar.answer)
    address = TcpAddress("127.0.0.1", free_port())
    async with listening(app, address, drain_s=0):
        liar.url = f"http://{address}"
        yield liar


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """What stands around the cache, and must not change."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside/kept").write_text("kept")
    return tmp_path


def outside(world: Path) -> dict[str, bytes]:
    """Every file that is not in the cache of custom models."""
    cache = world / "cache" / "custom" / "m"
    return {
        str(file.relative_to(world)): file.read_bytes()
        for file in world.rglob("*")
        if file.is_file() and not file.is_relative_to(cache)
    }


PATHS = ["../x", "../../../beside/kept", "/etc/x", "a/../../x", "..", ".", "", "//x", "a\0b", "./../x", "a/./../../x"]


@pytest.mark.parametrize("path", PATHS)
async def test_no_path_is_written_outside(liar, run_runtime, world, path):
    liar.names_files("model.py", path)
    before = outside(world)
    async with run_runtime(CustomRuntime(), liar) as client:
        assert "leaves its folder" in (await client.model("m", state="broken"))["reason"]
    assert outside(world) == before


ODD = [
    "a\\..\\x",
    "-rf",
    "%2e%2e/x",
    "~/x",
    "\u00fc",
    "u\u0308",
    "a//b",
    "a/./b",
    "x" * 255,
    "..x",
    "a;b",
    "c:/x",
    "$(x)",
]


async def test_odd_paths_stay_inside_and_are_asked_for_as_they_are(liar, run_runtime, world):
    liar.names_files("model.py", *ODD)
    before = outside(world)
    async with run_runtime(CustomRuntime(), liar) as client:
        reason = (await client.model("m", state="broken"))["reason"]
    assert "load" in reason, "the files were fetched, and it is the code that is no model"
    assert outside(world) == before
    copy = world / "cache/custom/m/1"
    assert {str(file.relative_to(copy)) for file in copy.rglob("*") if file.is_file()} == {
        "model.py",
        *(str(Path(path)) for path in ODD),
    }


@pytest.mark.parametrize(
    "paths",
    [("x" * 256,), ("/".join(["x" * 200] * 30),), ("a", "a/b"), ("a/b", "a")],
    ids=["name", "path", "file", "folder"],
)
async def test_paths_that_no_file_system_has_are_told_and_hang_nobody(liar, run_runtime, paths):
    liar.names_files(*paths)
    async with run_runtime(CustomRuntime(), liar) as client:
        await client.until(lambda health: any("cannot be used" in model["reason"] for model in health["models"]))
        assert (await client.get("health/live"))[0] == 200


@pytest.mark.parametrize("name", ["..", "../x", "/etc", "a/b", "a\nb", "", "x" * 129, ".hidden"])
async def test_no_name_of_a_model_is_taken_that_could_not_be_one(liar, run_runtime, world, name):
    good = {"name": "m", "runtime": "custom", "state": "broken", "reason": "because", "version": ""}
    liar.index = [{"name": name, "runtime": "custom", "state": "ready", "version": "1"}, good]
    before = outside(world)
    async with run_runtime(CustomRuntime(), liar) as client:
        health = await client.ready()
    assert [model["name"] for model in health["models"]] == ["m"]
    assert liar.asked.count("/index") >= 1
    assert outside(world) == before


@pytest.mark.parametrize("version", ["..", "../../x", "/tmp/x", "a/b", ""])
async def test_no_version_leads_out(liar, run_runtime, world, version):
    liar.index[0]["version"] = version
    liar.names_files("model.py")
    liar.metadata["version"] = version
    before = outside(world)
    async with run_runtime(CustomRuntime(), liar) as client:
        assert "its version" in (await client.model("m", state="broken"))["reason"]
    assert outside(world) == before


@pytest.mark.parametrize(
    "metadata",
    [None, [], 1, {}, {"name": "m"}, {"name": "m", "files": "x"}, {"files": [{"path": 1}]}, {"name": "other"}],
    ids=str,
)
async def test_what_are_no_metadata_is_not_now(liar, run_runtime, metadata):
    liar.names_files("model.py")
    liar.metadata = liar.metadata | metadata if isinstance(metadata, dict) and "name" in metadata else metadata
    async with run_runtime(CustomRuntime(), liar) as client:
        await client.until(lambda health: any(model["reason"] for model in health["models"]))


async def test_a_file_that_is_longer_than_it_says_is_not_taken_to_its_end(liar, run_runtime, world):
    liar.content = b"x" * (32 << 20)
    liar.names_files("model.py", size_bytes=10)
    async with run_runtime(CustomRuntime(), liar) as client:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(10):
                await client.until(lambda health: "checksum" in json.dumps(health))
        assert "checksum" in json.dumps((await client.get("health"))[1])
    assert not [file for file in (world / "cache").rglob("*") if file.is_file()]
