"""The metrics page of an instance, with the real supervisor, Envoy and app."""

from __future__ import annotations

import asyncio
import signal
import sys
from typing import Any

import aiohttp
import pytest
from mesh import until
from prometheus_client.parser import text_string_to_metric_families

from catenary import names
from catenary.address import free_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

OF_APP = {"text": "# HELP app_rows_total Rows.\n# TYPE app_rows_total counter\napp_rows_total 3\n"}
SUCCESS = "catenary_sidecar_scrape_success"


async def scraped(address: str) -> dict[str, float]:
    """Every sample of the page by its name and, for a part's success, the part; no family may stand there twice."""
    async with (
        aiohttp.ClientSession() as http,
        http.get(f"http://{address}{names.METRICS_PATH}") as answer,
    ):
        text = await answer.text()
        assert answer.status == 200, text
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    typed = [line.split()[2] for line in text.splitlines() if line.startswith("# TYPE ")]
    assert len(typed) == len(set(typed))
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {f"{s.name} {s.labels.get('part', '')}".strip(): s.value for s in samples}


async def test_the_page_holds_what_envoy_app_and_supervisor_know(world: Any, supervise: Any) -> None:
    sidecar = await supervise(metrics=(where := f"127.0.0.1:{free_port()}"))
    sidecar.say(metrics=OF_APP)
    instance = await sidecar.until_registered()
    assert instance["metrics"] == where
    found = await scraped(where)
    assert found["catenary_sidecar_registered"] == 1
    assert (found[f"{SUCCESS} envoy"], found[f"{SUCCESS} app"]) == (1, 1)
    assert found["app_rows_total"] == 3
    assert found["envoy_server_live"] == 1


async def test_a_free_port_of_the_loopback_is_registered_where_none_was_asked_for(supervise: Any) -> None:
    sidecars = [await supervise(), await supervise(advertise="localhost:1")]
    addresses = {(await sidecar.until_registered())["metrics"] for sidecar in sidecars}
    assert len(addresses) == 2
    for address in addresses:
        assert address.startswith("127.0.0.1:")
        assert (await scraped(address))["catenary_sidecar_registered"] == 1


async def test_what_listens_everywhere_is_registered_by_the_host_that_is_told(supervise: Any) -> None:
    port = free_port()
    sidecar = await supervise(metrics=f"0.0.0.0:{port}", advertise=f"localhost:{free_port()}")
    assert (await sidecar.until_registered())["metrics"] == f"127.0.0.1:{port}"


async def test_a_port_that_is_taken_is_told(supervise: Any) -> None:
    first = await supervise()
    taken = (await first.until_registered())["metrics"]
    second = await supervise(metrics=taken)
    assert await second.ended() == 2
    assert f"cannot listen on {taken}" in second.log


async def test_before_it_is_ready_an_instance_says_that_it_is_not_registered(supervise: Any) -> None:
    sidecar = await supervise(status=503, metrics=(where := f"127.0.0.1:{free_port()}"))
    await sidecar.until_asked("/health")
    found = await scraped(where)
    assert found["catenary_sidecar_registered"] == 0
    assert found[f"{SUCCESS} envoy"] == 1
    assert f"{SUCCESS} app" not in found, "an app without such a page"


@pytest.mark.parametrize("status", [401, 405])
async def test_an_app_that_refuses_to_be_asked_has_no_such_page(supervise: Any, status: int) -> None:
    sidecar = await supervise()
    sidecar.say(metrics={"status": status})
    found = await scraped((await sidecar.until_registered())["metrics"])
    assert (found[f"{SUCCESS} envoy"], found.get(f"{SUCCESS} app")) == (1, None)


@pytest.mark.parametrize("metrics", [{"status": 500}, {"body": "{}", "content_type": "application/json"}])
async def test_a_page_of_the_apps_that_cannot_be_read_spoils_nothing(supervise: Any, metrics: Any) -> None:
    sidecar = await supervise()
    sidecar.say(metrics=metrics)
    found = await scraped((await sidecar.until_registered())["metrics"])
    assert (found[f"{SUCCESS} envoy"], found[f"{SUCCESS} app"]) == (1, 0)


@pytest.mark.parametrize(("frozen", "other"), [("app", "envoy"), ("envoy", "app")])
async def test_a_part_that_stands_still_leaves_the_other_readable(supervise: Any, frozen: str, other: str) -> None:
    sidecar = await supervise(hang_s="0")
    sidecar.say(metrics=OF_APP)
    address = (await sidecar.until_registered())["metrics"]
    sidecar.signal(frozen, signal.SIGSTOP)
    try:
        async with asyncio.timeout(10):
            found = await scraped(address)
        assert (found[f"{SUCCESS} {other}"], found[f"{SUCCESS} {frozen}"]) == (1, 0)

        async def has_left() -> bool:
            return (await scraped(address))["catenary_sidecar_registered"] == 0

        await until(has_left, "an instance that is not well is not registered")
    finally:
        sidecar.signal(frozen, signal.SIGCONT)


async def test_a_server_that_knows_nothing_of_catenary_is_not_asked(supervise: Any) -> None:
    port = free_port()
    server = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
    sidecar = await supervise(server, port=str(port))
    found = await scraped((await sidecar.until_registered())["metrics"])
    assert (found[f"{SUCCESS} envoy"], found.get(f"{SUCCESS} app")) == (1, None)
    assert "/metrics" not in sidecar.log


async def test_the_page_is_compressed_for_who_takes_it_and_nothing_else_is_served(supervise: Any) -> None:
    address = (await (await supervise()).until_registered())["metrics"]
    async with aiohttp.ClientSession(auto_decompress=False) as http:
        url = f"http://{address}{names.METRICS_PATH}"
        async with http.get(url, headers={"accept-encoding": "gzip"}) as answer:
            assert answer.headers["content-encoding"] == "gzip"
            assert (await answer.read())[:2] == b"\x1f\x8b"
        for method, path, status in [("POST", "", 405), ("DELETE", "", 405), ("GET", "/../stats", 404)]:
            async with http.request(method, url + path) as answer:
                assert answer.status == status
