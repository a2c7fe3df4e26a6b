"""The contract of a store, held by every implementation."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from servers import ConsulAgent

from catenary.errors import PreconditionFailed
from catenary.store import Entry, Store
from catenary.store.consul import ConsulStore
from catenary.store.consul_client import ConsulAccess, ConsulClient
from catenary.store.sqlite import SqliteStore

NewStore = Callable[[], AbstractAsyncContextManager[Store]]


@pytest.fixture(params=["sqlite", "consul"])
def new_store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> NewStore:
    """Opens a store with nothing in it."""
    if request.param == "sqlite":

        @contextlib.asynccontextmanager
        async def sqlite() -> AsyncIterator[Store]:
            store = SqliteStore(tmp_path_factory.mktemp("store") / "state" / "store.db")
            await store.open()
            yield store
            await store.close()

        return sqlite
    agent: ConsulAgent = request.getfixturevalue("consul_agent")

    @contextlib.asynccontextmanager
    async def consul() -> AsyncIterator[Store]:
        async with agent.request("DELETE", "/v1/kv/?recurse") as answer:
            assert answer.status == 200
        async with ConsulClient(ConsulAccess(agent.url)) as client:
            yield ConsulStore(client)

    return consul


@pytest_asyncio.fixture
async def store(new_store: NewStore) -> AsyncIterator[Store]:
    async with new_store() as store:
        yield store


async def test_what_is_put_is_got(store: Store) -> None:
    entry = await store.put("a/b", b"\x00value")
    assert await store.get("a/b") == entry == Entry("a/b", b"\x00value", entry.revision)
    assert await store.get("a") is None


async def test_revisions_grow_and_are_never_used_again(store: Store) -> None:
    first = await store.put("a", b"1")
    second = await store.put("b", b"1")
    await store.delete("a")
    third = await store.put("a", b"1")
    assert 0 < first.revision < second.revision < third.revision


async def test_a_list_holds_the_keys_under_its_prefix_in_order(store: Store) -> None:
    for key in ("p/b", "p/a", "p_/c", "q/a", "p/%", "P/a"):
        await store.put(key, b"")
    assert [e.key for e in await store.list("p/")] == ["p/%", "p/a", "p/b"]
    assert await store.list("x/") == []


async def test_put_compares_and_sets(store: Store) -> None:
    entry = await store.put("a", b"1", expect=0)
    with pytest.raises(PreconditionFailed):
        await store.put("a", b"2", expect=0)
    with pytest.raises(PreconditionFailed) as lost:
        await store.put("a", b"2", expect=entry.revision + 1)
    assert lost.value.revision == entry.revision
    await store.put("a", b"2", expect=entry.revision)
    with pytest.raises(PreconditionFailed) as lost:
        await store.put("none", b"2", expect=17)
    assert lost.value.revision is None
    assert [(e.key, e.value) for e in await store.list("")] == [("a", b"2")]


async def test_delete_compares_and_tells_whether_there_was_one(store: Store) -> None:
    entry = await store.put("a", b"1")
    with pytest.raises(PreconditionFailed):
        await store.delete("a", expect=entry.revision + 1)
    with pytest.raises(PreconditionFailed):
        await store.delete("a", expect=0)
    assert await store.delete("a", expect=entry.revision)
    assert not await store.delete("a")
    assert not await store.delete("a", expect=0)
    with pytest.raises(PreconditionFailed):
        await store.delete("a", expect=entry.revision)


async def test_of_many_writers_with_the_same_expectation_one_wins(store: Store) -> None:
    async def write(value: int) -> bool:
        try:
            await store.put("a", str(value).encode(), expect=0)
        except PreconditionFailed:
            return False
        return True

    assert sum(await asyncio.gather(*(write(i) for i in range(20)))) == 1


async def test_many_writers_that_compare_and_set_lose_no_update(store: Store) -> None:
    await store.put("count", b"0")

    async def increment() -> None:
        while True:
            entry = await store.get("count")
            assert entry
            try:
                await store.put("count", str(int(entry.value) + 1).encode(), expect=entry.revision)
            except PreconditionFailed:
                continue
            return

    await asyncio.gather(*(increment() for _ in range(12)))
    entry = await store.get("count")
    assert entry
    assert entry.value == b"12"


async def test_any_bytes_are_a_value_and_keys_are_taken_as_they_are(store: Store) -> None:
    values = {"p/": b"", "p/a b": bytes(range(256)), "p/%2F": b"x" * 300_000, "p/\u00fc?#&+": b"null"}
    for key, value in values.items():
        await store.put(key, value)
        entry = await store.get(key)
        assert entry
        assert (entry.key, entry.value) == (key, value)
    assert {e.key: e.value for e in await store.list("p/")} == values
    for key in values:
        assert await store.delete(key)
    assert await store.list("") == []


async def test_a_watch_gives_the_list_at_once_and_after_each_change(store: Store) -> None:
    await store.put("p/a", b"1")
    watch = store.watch("p/")
    assert [e.key for e in await anext(watch)] == ["p/a"]
    following = asyncio.ensure_future(anext(watch))
    await store.put("other", b"1")
    await store.put("p/b", b"1")
    assert [e.key for e in await asyncio.wait_for(following, 5)] == ["p/a", "p/b"]
    following = asyncio.ensure_future(anext(watch))
    await store.delete("p/a")
    assert [e.key for e in await asyncio.wait_for(following, 5)] == ["p/b"]


async def test_a_watch_in_a_storm_ends_with_what_there_is_and_tells_no_key_of_others(store: Store) -> None:
    async def storm(writer: int) -> None:
        for i in range(20):
            await store.put(f"p/{writer}", str(i).encode())
            await store.put(f"q/{writer}", b"")
        if writer % 2:
            await store.delete(f"p/{writer}")

    async def all_of_it() -> None:
        await asyncio.gather(*(storm(writer) for writer in range(4)))
        await store.put("p/end", b"")

    told: list[dict[str, bytes]] = []
    storming = asyncio.create_task(all_of_it())
    async with asyncio.timeout(20), contextlib.aclosing(store.watch("p/")) as watch:
        async for entries in watch:
            told.append({e.key: e.value for e in entries})
            if "p/end" in told[-1]:
                break
    await storming
    assert told[-1] == {"p/0": b"19", "p/2": b"19", "p/end": b""}
    assert {key[:2] for entries in told for key in entries} == {"p/"}


_KEYS = st.sampled_from(["a", "a/b", "a/c", "b"])
_STEP = st.tuples(st.sampled_from(["put", "delete", "cas", "lost", "cad"]), _KEYS, st.binary(max_size=4))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(_STEP, max_size=20))
async def test_it_behaves_like_a_dictionary(new_store: NewStore, steps: list[tuple[str, str, bytes]]) -> None:
    model: dict[str, Entry] = {}
    async with new_store() as store:
        for action, key, value in steps:
            stands = model[key].revision if key in model else 0
            if action == "put":
                model[key] = await store.put(key, value)
            elif action == "cas":
                model[key] = await store.put(key, value, expect=stands)
            elif action == "lost":
                with pytest.raises(PreconditionFailed):
                    await store.put(key, value, expect=stands + 1)
            elif action == "delete":
                assert await store.delete(key) == (model.pop(key, None) is not None)
            elif stands:
                assert await store.delete(key, expect=model.pop(key).revision)
            assert await store.get(key) == model.get(key)
        assert await store.list("") == sorted(model.values(), key=lambda entry: entry.key)
