"""A repository of a thousand models: each is what it is, and one that comes, changes or goes is seen among them."""

from __future__ import annotations

import asyncio
import hashlib
import pickle
from typing import Any

import pytest

MODELS = 1_000
AT_ONCE = 16


def name(number: int) -> str:
    return f"model-{number:04}"


def content(number: int) -> bytes:
    return pickle.dumps({"weights": number})


def all_ready(entries: list[dict[str, str]]) -> dict[str, dict[str, str]] | None:
    """The entries by their names, once each is ready."""
    ready = {entry["name"]: entry for entry in entries if entry["state"] == "ready"}
    return ready if len(ready) >= MODELS else None


@pytest.fixture
def thousand(models: Any) -> None:
    for number in range(MODELS):
        models.scikit(name(number), content(number))


async def test_each_of_a_thousand_models_is_what_it_is(thousand: None, repository: Any) -> None:
    entries = await repository.follow(all_ready)
    assert sorted(entries) == [name(number) for number in range(MODELS)]
    turns = asyncio.Semaphore(AT_ONCE)

    async def assert_right(number: int) -> None:
        async with turns:
            metadata = await repository.json(f"/metadata/{name(number)}")
            async with repository.get(f"/download/{name(number)}/model.pkl") as answer:
                assert await answer.read() == content(number)
        assert metadata["version"] == entries[name(number)]["version"]
        (file,) = [file for file in metadata["files"] if file["path"] == "model.pkl"]
        assert file["size_bytes"] == len(content(number))
        assert file["sha256"] == hashlib.sha256(content(number)).hexdigest()

    await asyncio.gather(*map(assert_right, range(MODELS)))
    assert len({entry["version"] for entry in entries.values()}) == MODELS


async def test_one_of_a_thousand_comes_changes_and_goes(thousand: None, models: Any, repository: Any) -> None:
    await repository.follow(all_ready)
    folder = models.scikit("one-more", pickle.dumps("first"))
    first = (await repository.until("one-more", "ready"))["version"]

    def is_changed(entries: list[dict[str, str]]) -> dict[str, str] | None:
        return next((e for e in entries if e["name"] == "one-more" and e["version"] not in ("", first)), None)

    (folder / "model.pkl").write_bytes(pickle.dumps("second"))
    await repository.follow(is_changed)
    async with repository.get("/download/one-more/model.pkl") as answer:
        assert await answer.read() == pickle.dumps("second")
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    await repository.until("one-more", None)
    assert len(await repository.json("/index")) == MODELS
