"""What holds of the store in Consul alone: how it fails, what it trusts, and what it costs while nothing changes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from servers import ConsulAgent

from catenary.errors import SetupError, TooLarge, Unavailable
from catenary.store import Entry
from catenary.store.consul import VALUE_BYTES, ConsulStore
from catenary.store.consul_client import ConsulAccess, ConsulClient, _Http


@contextlib.asynccontextmanager
async def store_at(url: str, **access: Any) -> AsyncIterator[ConsulStore]:
    async with ConsulClient(ConsulAccess(url, **access)) as client:
        yield ConsulStore(client)


async def token_with(agent: ConsulAgent, rules: str) -> str:
    async with agent.request("PUT", "/v1/acl/policy", json={"Name": "p", "Rules": rules}) as answer:
        assert answer.status == 200
    async with agent.request("PUT", "/v1/acl/token", json={"Policies": [{"Name": "p"}]}) as answer:
        return str((await answer.json())["SecretID"])


async def test_a_watch_ends_with_its_agent_and_the_next_one_goes_on(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul") as agent, store_at(agent.url) as store:
        entry = await store.put("p/a", b"1")
        watch = store.watch("p/")
        assert await anext(watch) == [entry]
        following = asyncio.ensure_future(anext(watch))
        await agent.kill()
        with pytest.raises(Unavailable, match=r"Consul at http://127\.0\.0\.1:\d+ cannot be reached"):
            await asyncio.wait_for(following, 5)
        with pytest.raises(Unavailable):
            await anext(store.watch("p/"))
        await agent.start()
        watch = store.watch("p/")
        assert await anext(watch) == [entry]
        following = asyncio.ensure_future(anext(watch))
        newer = await store.put("p/b", b"2", expect=0)
        assert await asyncio.wait_for(following, 5) == [entry, newer]
        assert newer.revision > entry.revision


async def test_one_that_comes_back_never_seems_to_have_lost_what_it_holds(tmp_path: Path) -> None:
    async with ConsulAgent(tmp_path / "consul") as agent, store_at(agent.url) as store:
        entry = await store.put("p/a", b"1")
        back = asyncio.Event()

        async def lists() -> list[list[Entry]]:
            found = []
            while not back.is_set():
                try:
                    found.append(await store.list("p/"))
                except Unavailable:
                    await asyncio.sleep(0.05)
            return found

        for _ in range(3):
            await agent.kill()
            back.clear()
            asking = [asyncio.create_task(lists()) for _ in range(100)]
            await agent.start()
            back.set()
            found = [list_ for lists_ in await asyncio.gather(*asking) for list_ in lists_]
            assert found
            assert all(list_ == [entry] for list_ in found)


async def test_an_agent_that_hangs_is_noticed_by_who_writes_and_who_watches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catenary.store.consul_client.WAIT_S", 1)
    async with ConsulAgent(tmp_path / "consul") as agent, store_at(agent.url) as store:
        watch = store.watch("p/")
        assert await anext(watch) == []
        monkeypatch.setattr("catenary.store.consul_client.CALL_S", 0.5)
        following = asyncio.ensure_future(anext(watch))
        await asyncio.sleep(0.2)
        agent.freeze()
        for waiting in (store.put("p/a", b"1"), following):
            with pytest.raises(Unavailable, match="does not answer"):
                await asyncio.wait_for(waiting, 5)
        agent.thaw()


async def test_a_watch_in_which_nothing_changes_asks_seldom(
    consul_agent: ConsulAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    call = _Http._call

    async def counted(self: _Http, *words: Any, **options: Any) -> Any:
        asked.append(words[0])
        return await call(self, *words, **options)

    monkeypatch.setattr(_Http, "_call", counted)
    async with store_at(consul_agent.url) as store:
        entry = await store.put("p/a", b"1")
        watch = store.watch("p/")
        assert await anext(watch) == [entry]
        following = asyncio.ensure_future(anext(watch))
        for number in range(10):
            await asyncio.sleep(0.1)
            await store.put("q/a", str(number).encode())
        # The first list, and the question that waits.
        assert asked.count("GET") == 2
        following.cancel()


@pytest.mark.parametrize("rules", [None, 'node_prefix "" { policy = "read" }'], ids=["unknown", "without rights"])
async def test_a_token_that_is_refused_is_told_and_nothing_is_taken_for_empty(
    tmp_path: Path, rules: str | None
) -> None:
    async with ConsulAgent(tmp_path / "consul", acl=True) as agent:
        async with store_at(agent.url, token=agent.token) as store:
            await store.put("catenary/p/a", b"1")
            assert [e.key for e in await store.list("catenary/")] == ["catenary/p/a"]
        token = await token_with(agent, rules) if rules else "11111111-2222-3333-4444-555555555555"
        async with store_at(agent.url, token=token) as store:
            for call in (
                store.get("catenary/p/a"),
                store.put("catenary/p/b", b""),
                store.put("catenary/p/b", b"", expect=0),
                store.delete("catenary/p/a"),
                store.delete("catenary/p/a", expect=1),
                store.list("catenary/p/"),
                anext(store.watch("catenary/p/")),
            ):
                with pytest.raises(Unavailable, match=r"^Consul refuses the token: ") as refused:
                    await call
                assert token not in str(refused.value)
                assert refused.value.retry_after_s > 1


async def test_the_token_is_the_one_that_was_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with ConsulAgent(tmp_path / "consul", acl=True) as agent:
        # py-consul lets this stand over a token that it is given.
        monkeypatch.setenv("CONSUL_HTTP_TOKEN", "11111111-2222-3333-4444-555555555555")
        file = tmp_path / "token"
        async with store_at(agent.url, token_file=file) as store:
            with pytest.raises(Unavailable, match="the file of Consul's token cannot be read"):
                await store.get("a")
            file.write_text(f"{agent.token}\n")
            await store.put("a", b"1")


@pytest.mark.parametrize(
    "content", [b"", b"aaa\nbbb\n", b"aaa bbb", b"a\x00", "t\xf6ken".encode(), b"\xff\xfe"], ids=repr
)
async def test_a_token_file_that_is_no_token_is_told_and_tried_again(
    consul_agent: ConsulAgent, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "token"
    file.write_bytes(content)
    async with store_at(consul_agent.url, token_file=file) as store:
        for call in (store.get("a"), store.put("a", b"1"), anext(store.watch("a"))):
            with pytest.raises(Unavailable, match="the file of Consul's token") as refused:
                await call
            assert "aaa" not in str(refused.value)
        file.write_text("anonymous\n")
        # An agent without ACL takes any.
        await store.get("a")


@pytest.mark.parametrize("token", ["two words", "two\nlines", "t\xf6ken", "\x00"])
async def test_a_token_that_is_none_is_refused_and_not_repeated(token: str) -> None:
    with pytest.raises(SetupError, match="the token for Consul is not one word") as refused:
        ConsulClient(ConsulAccess("http://127.0.0.1:8500", token))
    assert token not in str(refused.value)


async def test_the_file_of_the_token_does_not_hold_up_the_loop(consul_agent: ConsulAgent, tmp_path: Path) -> None:
    # A pipe that nobody writes to, as a file system that hangs.
    pipe = tmp_path / "token"
    os.mkfifo(pipe)
    async with store_at(consul_agent.url, token_file=pipe) as store:
        writer = threading.Timer(0.3, pipe.write_text, ["token\n"])
        writer.start()
        reading = asyncio.create_task(store.get("a"))
        turns = 0
        while not reading.done():
            await asyncio.sleep(0.02)
            turns += 1
        writer.join()
        assert reading.result() is None
        assert turns > 5


def test_a_token_is_not_in_the_repr() -> None:
    assert "secret" not in repr(ConsulAccess("http://127.0.0.1:8500", token="secret"))


async def test_a_value_that_consul_would_not_take_is_too_large(consul_agent: ConsulAgent) -> None:
    async with store_at(consul_agent.url) as store:
        await store.put("large", b"x" * VALUE_BYTES)
        with pytest.raises(TooLarge) as refused:
            await store.put("large", b"x" * (VALUE_BYTES + 1))
        assert refused.value.limit_bytes == VALUE_BYTES


async def test_over_https_consul_is_known_by_its_ca_and_knows_its_callers_by_theirs(tmp_path: Path) -> None:
    agent = ConsulAgent(tmp_path / "consul", tls=True)
    settings = json.loads((agent.folder / "agent.json").read_text())
    (settings["tls"]["defaults"] if "tls" in settings else settings)["verify_incoming"] = True
    (agent.folder / "agent.json").write_text(json.dumps(settings))
    process = await asyncio.create_subprocess_exec(*agent.command(), stdout=asyncio.subprocess.DEVNULL)
    ca, cert, key = (agent.folder / f"{part}.pem" for part in ("ca", "cert", "key"))
    try:
        async with store_at(agent.url, ca=ca, cert=cert, key=key) as store, asyncio.timeout(20):
            while True:
                with contextlib.suppress(Unavailable):
                    entry = await store.put("a", b"1")
                    break
                await asyncio.sleep(0.05)
            assert await store.get("a") == entry
        for access in ({"ca": ca}, {"cert": cert, "key": key}):
            async with store_at(agent.url, **access) as store:
                with pytest.raises(Unavailable, match="cannot be reached"):
                    await store.get("a")
    finally:
        process.terminate()
        await process.wait()


async def test_a_file_for_tls_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    for access in ({"ca": tmp_path / "none.pem"}, {"cert": tmp_path / "none.pem"}):
        with pytest.raises(SetupError, match=r"none\.pem"):
            ConsulClient(ConsulAccess("https://127.0.0.1:8501", **access))


async def test_what_is_no_consul_is_told_so() -> None:
    async def welcome(_request: web.Request) -> web.Response:
        return web.Response(text="<html>Welcome</html>", content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", welcome)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0]
    async with store_at(f"http://{host}:{port}") as store:
        for call in (store.get("a"), store.list("a/"), store.put("a", b""), anext(store.watch("a/"))):
            with pytest.raises(Unavailable, match=r"answers (GET|PUT)"):
                await call
    await runner.cleanup()


async def test_a_cancellation_that_comes_with_the_end_of_the_time_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit_s = 1.0
    monkeypatch.setattr("catenary.store.consul_client.CALL_S", limit_s)
    async with ConsulAgent(tmp_path / "consul") as agent, store_at(agent.url) as store:
        await store.get("key")
        agent.freeze()
        try:
            asking = asyncio.create_task(store.get("key"))
            await asyncio.sleep(limit_s / 10)
            asyncio.get_running_loop().call_later(limit_s, asking.cancel)
            time.sleep(1.5 * limit_s)  # noqa: ASYNC251 (the loop finds both ends in one turn, as when it is busy)
            await asyncio.wait([asking])
            assert asking.cancelled()
        finally:
            agent.thaw()
