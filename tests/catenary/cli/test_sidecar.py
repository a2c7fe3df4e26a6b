"""Which manager `catenary sidecar` joins, and what it says where there is none."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from catenary.address import free_port
from catenary.sidecar import SidecarSettings

WORDS = ("sidecar", "--service", "serving-mine")


@pytest.fixture
def nothing_at_the_usual_port(monkeypatch: pytest.MonkeyPatch) -> str:
    """The URL of the manager by default; here one where nothing listens."""
    url = f"http://127.0.0.1:{free_port()}"
    for name in ("CATENARY_MANAGER", "CATENARY_XDS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(SidecarSettings.model_fields["manager"], "default", url)
    SidecarSettings.model_rebuild(force=True)
    return url


@pytest.fixture(autouse=True)
def as_it_was() -> Any:
    default = SidecarSettings.model_fields["manager"].default
    yield
    SidecarSettings.model_fields["manager"].default = default
    SidecarSettings.model_rebuild(force=True)


def test_without_a_stack_it_refuses_before_it_starts_anything(run: Any, nothing_at_the_usual_port: str, tmp_path: Path):
    started = tmp_path / "started"
    result = run(*WORDS, "--", sys.executable, "-c", f"open({str(started)!r}, 'w')")
    assert result.exit_code == 2
    assert result.stderr == f"catenary: no stack answers at {nothing_at_the_usual_port}: start it with `catenary up`\n"
    assert not started.exists()


@pytest.mark.parametrize("option", ["--manager", "--xds"])
def test_where_one_is_named_nothing_is_looked_for(run: Any, nothing_at_the_usual_port: str, option: str):
    address = "127.0.0.1:1" if option == "--xds" else "http://127.0.0.1:1"
    result = run(*WORDS, option, address, "--", "/nonexistent/server")
    assert result.exit_code == 2
    assert "the app cannot be started" in result.stderr
