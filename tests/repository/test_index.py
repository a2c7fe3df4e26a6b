from __future__ import annotations

import asyncio
import json

import pytest

from catenary.errors import NotFound, Unavailable
from catenary.messages import Metadata
from repository.folder import ModelFolder
from repository.index import Index


def ready(runtime: str, name: str, version: str = "v1") -> ModelFolder:
    metadata = Metadata(name=name, runtime=runtime, inputs=(), outputs=(), version=version, files=())
    return ModelFolder((runtime, name), "ready", "", metadata)


def broken(runtime: str, name: str, reason: str = "torn") -> ModelFolder:
    return ModelFolder((runtime, name), "broken", reason)


@pytest.fixture
def index() -> Index:
    return Index()


def states(index: Index) -> list[tuple[str, str, str]]:
    return [(entry["runtime"], entry["name"], entry["state"]) for entry in json.loads(index.body)]


def test_entries_stand_in_the_order_of_runtime_and_name(index):
    for folder in (ready("spark", "a"), ready("custom", "z"), ready("custom", "b")):
        index.put(folder)
    assert states(index) == [("custom", "b", "ready"), ("custom", "z", "ready"), ("spark", "a", "ready")]


def test_the_etag_changes_with_the_entries_and_with_nothing_else(index):
    index.put(ready("custom", "a"))
    first = index.etag
    index.put(ready("custom", "a"))
    assert index.etag == first
    index.put(ready("custom", "a", "v2"))
    second = index.etag
    assert second != first
    index.remove(("custom", "a"))
    assert index.etag not in (first, second)
    index.put(ready("custom", "a"))
    assert index.etag == first


def test_of_two_folders_with_one_name_the_first_is_served_and_the_other_says_who_has_the_name(index):
    index.put(ready("scikit", "iris", "s"))
    index.put(ready("custom", "iris", "c"))
    assert index.model("iris")[1].version == "c"
    assert states(index) == [("custom", "iris", "ready"), ("scikit", "iris", "broken")]
    assert json.loads(index.body)[1]["reason"] == "the name is taken by custom/iris"
    assert index.n_ready == 1


def test_a_name_does_not_wander_while_its_folder_is_broken(index):
    index.put(ready("scikit", "iris"))
    index.put(broken("custom", "iris"))
    assert [state for _, _, state in states(index)] == ["broken", "broken"]
    with pytest.raises(NotFound, match="custom/iris is broken: torn"):
        index.model("iris")


def test_the_name_is_free_again_when_the_first_folder_goes(index):
    index.put(ready("scikit", "iris"))
    index.put(ready("custom", "iris"))
    index.remove(("custom", "iris"))
    assert states(index) == [("scikit", "iris", "ready")]
    assert index.model("iris")[1].runtime == "scikit"


def test_a_folder_of_an_unknown_runtime_takes_nobodys_name(index):
    index.put(broken("abc", "iris", "unknown runtime"))
    index.put(ready("scikit", "iris"))
    assert index.model("iris")[1].runtime == "scikit"
    assert states(index)[1] == ("scikit", "iris", "ready")


def test_an_unknown_name_is_not_found_and_names_those_that_are_near(index):
    index.put(ready("scikit", "iris"))
    index.put(broken("scikit", "iriss"))
    with pytest.raises(NotFound) as fault:
        index.model("irsi")
    assert fault.value.near == ["iris"]


def test_a_model_whose_files_change_is_unavailable(index):
    index.put(ModelFolder(("scikit", "iris"), "incomplete", "files are still changing"))
    with pytest.raises(Unavailable, match="model 'iris' is incomplete: files are still changing"):
        index.model("iris")


def test_a_name_that_is_not_utf8_can_be_shown(index):
    index.put(broken("custom", "caf\udce9"))
    assert json.loads(index.body)[0]["name"] == "caf\\xe9"


async def test_a_wait_ends_with_the_change(index):
    waiting = asyncio.create_task(index.changed_from({index.etag}, 60))
    await asyncio.sleep(0)
    assert not waiting.done()
    index.put(ready("custom", "a"))
    async with asyncio.timeout(1):
        assert await waiting


async def test_a_wait_without_a_change_ends_with_its_time(index):
    assert not await index.changed_from({index.etag}, 0.01)


async def test_who_does_not_know_the_index_need_not_wait(index):
    async with asyncio.timeout(1):
        assert await index.changed_from(set(), 60)
        assert await index.changed_from({"old"}, 60)


async def test_a_wait_ends_when_the_index_is_closed(index):
    waiting = asyncio.create_task(index.changed_from({index.etag}, 60))
    await asyncio.sleep(0)
    index.close()
    async with asyncio.timeout(1):
        assert not await waiting
        assert not await index.changed_from({index.etag}, 60)


async def test_who_follows_hears_of_many_folders_that_come_at_once_in_few_answers(index):
    answers = 0

    async def follow() -> None:
        nonlocal answers
        while index.n_ready < 200:
            await index.changed_from({index.etag}, 60)
            answers += 1

    follower = asyncio.create_task(follow())
    for number in range(200):
        index.put(ready("custom", f"m{number}"))
        await asyncio.sleep(0)
    async with asyncio.timeout(30):
        await follower
    assert 1 <= answers < 50
