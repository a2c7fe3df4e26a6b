"""Local copies are complete and checked, wherever they come from."""

from __future__ import annotations

import aiohttp
import pytest

from catenary.errors import ModelBroken, Unavailable
from catenary.messages import Metadata
from runtimes.base.cache import Cache
from runtimes.base.repository import Repository
from runtimes.custom.runtime import CustomRuntime

CODE = "def load(path):\n    return None\n"


@pytest.fixture
async def metadata(shop, run_runtime):
    """Of a model with a sub-folder and a name that URLs do not take as it is."""
    shop.put_custom("m", CODE, inputs=["x"], outputs=["y"], **{"data/a b%2F?#ü.txt": "text", "empty.txt": ""})
    async with run_runtime(CustomRuntime(), shop) as client, aiohttp.ClientSession() as session:
        await client.model("m", state="broken")
        return await Repository(shop.url, session).metadata("m")


@pytest.fixture
async def cache(shop, tmp_path):
    async with aiohttp.ClientSession() as session:
        yield Cache(tmp_path / "local", Repository(shop.url, session))


def entries(tmp_path) -> list[str]:
    return sorted(path.name for path in (tmp_path / "local" / "m").iterdir())


def altered(metadata: Metadata, **changes: object) -> Metadata:
    """`metadata` with another first file."""
    return metadata.model_copy(update={"files": (metadata.files[0].model_copy(update=changes), *metadata.files[1:])})


async def test_a_copy_has_every_file(cache, metadata, tmp_path):
    copy = await cache.fetch(metadata)
    assert copy.folder == tmp_path / "local" / "m" / metadata.version
    assert (copy.folder / "data" / "a b%2F?#ü.txt").read_text() == "text"
    assert (copy.folder / "model.py").read_text() == CODE
    assert entries(tmp_path) == [metadata.version]


async def test_a_complete_copy_is_used_while_the_repository_is_away(cache, metadata, shop):
    first = await cache.fetch(metadata)
    await shop.close()
    assert (await cache.fetch(metadata)).folder == first.folder


async def test_a_spoilt_copy_is_fetched_again(cache, metadata):
    copy = await cache.fetch(metadata)
    (copy.folder / "model.py").write_text("spoilt")
    again = await cache.fetch(metadata)
    assert (again.folder / "model.py").read_text() == CODE


@pytest.mark.parametrize("changes", [{"sha256": "0" * 64}, {"size_bytes": 0, "sha256": "0" * 64}])
async def test_a_file_with_another_checksum_is_never_kept(cache, metadata, tmp_path, changes):
    with pytest.raises(Unavailable, match="checksum"):
        await cache.fetch(altered(metadata, **changes))
    assert entries(tmp_path) == []


async def test_a_file_that_has_gone_is_not_now(cache, metadata, tmp_path):
    with pytest.raises(Unavailable, match="404"):
        await cache.fetch(altered(metadata, path="gone.txt"))
    assert entries(tmp_path) == []


@pytest.mark.parametrize("path", ["../x", "/etc/x", "a/../../x", "", ".", "a\0b"])
async def test_no_path_leaves_the_folder(cache, metadata, tmp_path, path):
    with pytest.raises(ModelBroken):
        await cache.fetch(altered(metadata, path=path))
    assert not (tmp_path / "local").exists()


@pytest.mark.parametrize("name", ["..", ".", "", "a/b", "/etc"])
async def test_no_name_or_version_leaves_the_cache(cache, metadata, tmp_path, name):
    for changes in ({"name": name}, {"version": name}):
        with pytest.raises(ModelBroken):
            await cache.fetch(metadata.model_copy(update=changes))
    assert not (tmp_path / "local").exists()


async def test_older_copies_go_but_not_one_in_use(cache, metadata, tmp_path):
    old = await cache.fetch(metadata)
    new = await cache.fetch(metadata.model_copy(update={"version": "new"}))
    await cache.prune("m", keep="new")
    assert entries(tmp_path) == sorted([metadata.version, "new"])
    del old
    await cache.prune("m", keep="new")
    assert entries(tmp_path) == ["new"]
    del new
    await cache.prune("m", keep=None)
    assert entries(tmp_path) == []


async def test_a_cache_that_cannot_be_written_is_not_now(metadata, shop, tmp_path):
    (tmp_path / "file").write_text("")
    async with aiohttp.ClientSession() as session:
        cache = Cache(tmp_path / "file", Repository(shop.url, session))
        with pytest.raises(Unavailable, match="cannot be used"):
            await cache.fetch(metadata)


async def test_what_does_not_speak_as_a_repository_is_away(shop, run_runtime):
    async with run_runtime(CustomRuntime(), shop) as client, aiohttp.ClientSession() as session:
        runtime = Repository(client.url, session)
        with pytest.raises(Unavailable, match="404"):
            await runtime.index()
        with pytest.raises(Unavailable):
            await runtime.metadata("m")
