"""The page of a process's figures, and the bound of what clients can make it show."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from figures import Figures
from prometheus_client import Counter, Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.openmetrics import parser as openmetrics

from catenary import __version__
from catenary.address import UnixAddress
from catenary.http import application, listening
from catenary.metrics import Bounded, Metrics

URL = "http://process"


@pytest.fixture
async def session(tmp_path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """Speaks to a process that counts hats, and reads how many coats there are."""
    metrics = Metrics("cloakroom")
    Counter("catenary_hats", "Hats.", registry=metrics.registry).inc(3)
    loop_thread = threading.get_ident()

    def coats() -> list[GaugeMetricFamily]:
        assert threading.get_ident() == loop_thread
        return [GaugeMetricFamily("catenary_coats", "Coats.", 2)]

    metrics.read(coats)
    app = application(max_body_bytes=1024)
    metrics.add_to(app)
    address = UnixAddress(str(tmp_path / "s"))
    async with (
        listening(app, address, drain_s=0),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(address.path)) as session,
    ):
        yield session


async def test_what_was_counted_and_what_is_read_stand_beside_the_figures_of_python(
    session: aiohttp.ClientSession,
) -> None:
    page = await Figures.scraped(session, URL)
    assert (page("catenary_hats_total"), page("catenary_coats")) == (3, 2)
    assert page("catenary_build_info", version=__version__, process="cloakroom") == 1
    assert page("process_resident_memory_bytes") != 0
    assert {"python_info", "python_gc_objects_collected"} <= page.families.keys()
    # A series of its own for when each began, twice the page.
    assert not [name for name in page.families if name.endswith("_created")]


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain;version=0.0.4", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain;version=x.y", "text/plain; version=0.0.4; charset=utf-8"),
        ("application/openmetrics-text", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        ("application/openmetrics-text;version=9.\xe9", "application/openmetrics-text; version=1.0.0; charset=utf-8"),
        (
            "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3",
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    ],
)
async def test_who_asks_gets_the_form_that_it_takes(
    session: aiohttp.ClientSession, accept: str, content_type: str
) -> None:
    async with session.get(URL + "/metrics", headers={"accept": accept}) as answer:
        assert (answer.status, answer.headers["content-type"]) == (200, content_type)
        text = await answer.text()
    if "openmetrics" in content_type:
        assert "catenary_hats" in {family.name for family in openmetrics.text_string_to_metric_families(text)}
    else:
        assert Figures(text)("catenary_hats_total") == 3


async def test_the_page_is_compressed_for_who_takes_that(session: aiohttp.ClientSession) -> None:
    async with session.get(URL + "/metrics", headers={"accept-encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        assert Figures(await answer.text())("catenary_coats") == 2
    async with session.get(URL + "/metrics", headers={"accept-encoding": "identity"}) as answer:
        assert "content-encoding" not in answer.headers


async def test_rendering_leaves_the_event_loop(tmp_path: Path) -> None:
    rendered_on: list[int] = []

    class Watching:
        def describe(self) -> list[Metric]:
            return []

        def collect(self) -> list[Metric]:
            rendered_on.append(threading.get_ident())
            return []

    metrics = Metrics("watched")
    metrics.registry.register(Watching())
    app = application(max_body_bytes=1024)
    metrics.add_to(app)
    address = UnixAddress(str(tmp_path / "s"))
    async with (
        listening(app, address, drain_s=0),
        aiohttp.ClientSession(connector=aiohttp.UnixConnector(address.path)) as session,
    ):
        await Figures.scraped(session, URL)
    assert rendered_on
    assert threading.get_ident() not in rendered_on


async def test_what_came_through_an_envoy_finds_no_page(session: aiohttp.ClientSession) -> None:
    async with session.get(URL + "/metrics", headers={"x-forwarded-proto": "http"}) as answer:
        assert answer.status == 404
        assert (await answer.json(content_type=None))["type"] == "urn:catenary:not-found"


def test_of_what_clients_choose_so_much_is_taken_and_the_rest_is_other() -> None:
    bounded = Bounded(most=2)
    assert bounded("a", "1") == ("a", "1")
    assert bounded("a", "2") == ("a", "2")
    assert bounded("b", "1") == ("other", "other")
    assert bounded("a", "1") == ("a", "1")
    assert Bounded()(*"ab") == ("a", "b")
