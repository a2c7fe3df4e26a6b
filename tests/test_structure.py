"""Who may import whom, names that stand in two places, and calls that nobody makes."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from catenary import names
from manager.xds.listeners import ANSWERED

CHECKOUT = Path(__file__).resolve().parents[1]
PROCESSES = ("gateway", "manager", "repository", "runtimes")
CHAIN = (CHECKOUT / "envoy" / "chain.lua").read_text()


def imported(file: Path) -> set[str]:
    """The top-level packages that `file` imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", ["catenary", *PROCESSES])
def test_processes_never_import_each_other_and_the_shared_package_imports_none(package: str) -> None:
    files = list((CHECKOUT / package).rglob("*.py"))
    assert files
    forbidden = set(PROCESSES) - {package}
    assert {str(f.relative_to(CHECKOUT)): bad for f in files if (bad := imported(f) & forbidden)} == {}


def test_the_folder_of_envoys_files_is_no_package() -> None:
    assert not list((CHECKOUT / "envoy").rglob("*.py"))


@pytest.mark.parametrize(
    "name", [names.TIMEOUT_MS, names.TRACE_ID, names.LOCAL_REPLY, names.SERVER_TIMING, names.REQUEST_ID, ANSWERED]
)
def test_the_chain_filter_uses_the_headers_that_python_uses(name: str) -> None:
    assert f'"{name}"' in CHAIN


def test_the_chain_filter_uses_no_header_of_ours_that_python_does_not_know() -> None:
    known = {value for value in vars(names).values() if isinstance(value, str)} | {ANSWERED}
    assert set(re.findall(r'"(x-catenary-[a-z-]+)"', CHAIN)) <= known


def test_no_wait_loses_a_cancellation_that_comes_with_its_end() -> None:
    """aiohttp's limit for a whole request does, and `asyncio.wait_for` up to Python 3.11."""
    losing = re.compile(r"asyncio\.wait_for\(|ClientTimeout\((?!total=None)")
    files = [file for package in ("catenary", *PROCESSES) for file in (CHECKOUT / package).rglob("*.py")]
    assert [str(f.relative_to(CHECKOUT)) for f in files if losing.search(f.read_text())] == []
