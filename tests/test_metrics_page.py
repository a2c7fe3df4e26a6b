"""The page about metrics names what the processes show, and nothing else."""

from __future__ import annotations

import re
from pathlib import Path

import aiohttp
from aiohttp import web
from figures import Figures
from mesh import CHECKOUT, Mesh

from catenary.address import UnixAddress
from catenary.http import listening
from repository.api import application
from repository.index import Index
from runtimes.base.api import runtime_app
from runtimes.base.main import serving
from runtimes.base.settings import RuntimeSettings
from runtimes.base.spans import Spans
from runtimes.custom.runtime import CustomRuntime

PAGE = (CHECKOUT / "docs" / "metrics.md").read_text()
SECTION = "Runtimes, manager, repository"


async def shown_by(app: web.Application, folder: Path) -> set[str]:
    address = UnixAddress(str(folder / "s"))
    connector = aiohttp.UnixConnector(address.path)
    async with listening(app, address, drain_s=0), aiohttp.ClientSession(connector=connector) as session:
        return (await Figures.scraped(session, "http://app")).ours()


async def test_every_family_of_the_processes_stands_on_the_page_and_no_other(tmp_path: Path) -> None:
    async with Mesh() as mesh:
        shown = (await Figures.scraped(mesh.session, mesh.manager_url)).ours()
        of_gateway = aiohttp.UnixConnector(str(mesh.folder / "gateway.sock"))
        async with aiohttp.ClientSession(connector=of_gateway) as session:
            shown |= (await Figures.scraped(session, "http://gateway")).ours()
    shown |= await shown_by(application(Index(), tmp_path), tmp_path)
    settings = RuntimeSettings(repository="http://127.0.0.1:1", cache=tmp_path / "cache")
    async with serving(CustomRuntime(), settings) as core:
        shown |= await shown_by(runtime_app(core, settings.body_bytes, Spans("custom", None)), tmp_path)
    (section,) = re.findall(rf"^## {SECTION}\n(.*?)(?=^## |\Z)", PAGE, re.DOTALL | re.MULTILINE)
    assert set(re.findall(r"^\| `(catenary_\w+)`", section, re.MULTILINE)) == shown
