from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest

from catenary import names
from catenary.address import parse_address
from catenary.local.parts import RUNTIME_MODULES, Part, parts
from catenary.local.settings import LocalSettings
from catenary.sidecar import SidecarSettings

RUN_DIR = Path("/tmp/catenary-abcdefgh")


@pytest.fixture
def by_name(tmp_path: Path) -> dict[str, Part]:
    settings = LocalSettings(state_dir=tmp_path, manager_port=1001, gateway_port=1002, repository_port=1003)
    return {part.name: part for part in parts(settings, tmp_path / "models", RUN_DIR)}


def test_the_parts_are_manager_gateway_repository_and_a_runtime_of_each_type(by_name: dict[str, Part]):
    assert list(by_name)[:3] == ["manager", "gateway", "repository"]
    assert list(by_name)[3:] == list(names.SERVICE_OF_TYPE.values())
    assert RUNTIME_MODULES.keys() == names.SERVICE_OF_TYPE.keys()


def test_every_program_exists(by_name: dict[str, Part]):
    for part in by_name.values():
        assert importlib.util.find_spec(part.command[-1]), part.name


def test_every_part_but_the_manager_has_an_envoy_of_its_own(by_name: dict[str, Part]):
    assert [name for name, part in by_name.items() if "sidecar" not in part.command] == ["manager"]
    assert [name for name, part in by_name.items() if "--role" in part.command] == ["gateway"]


def test_ports_are_on_the_loopback_only(by_name: dict[str, Part]):
    assert by_name["manager"].environment["CATENARY_LISTEN"] == "127.0.0.1:1001"
    for name, port in (("gateway", 1002), ("repository", 1003)):
        command = by_name[name].command
        assert command[command.index("--listen") + 1] == f"127.0.0.1:{port}"
        assert by_name[name].url == f"http://localhost:{port}"


@pytest.mark.parametrize(
    ("chosen", "zipkin", "kept"),
    [
        ({}, "http://127.0.0.1:1001", "1000"),
        ({"keep_traces": 7}, "http://127.0.0.1:1001", "7"),
        ({"keep_traces": 0}, "", "0"),
        ({"zipkin": "http://zipkin:9411"}, "http://zipkin:9411", "0"),
    ],
)
def test_spans_go_to_the_manager_itself_unless_another_server_is_named(
    tmp_path: Path, chosen: dict[str, Any], zipkin: str, kept: str
):
    manager, *others = parts(LocalSettings(state_dir=tmp_path, manager_port=1001, **chosen), tmp_path, RUN_DIR)
    assert {part.environment["CATENARY_ZIPKIN"] for part in (manager, *others)} == {zipkin}
    assert manager.environment["CATENARY_KEEP_TRACES"] == kept


def test_what_describes_one_process_does_not_leak_from_the_launchers_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    for name in ("LISTEN", "PORT", "SERVICE", "INSTANCE", "ROLE", "HEALTH_PATH", "MODEL_NAME"):
        monkeypatch.setenv(f"CATENARY_{name}", "leaked")
    monkeypatch.setenv("CATENARY_DRAIN_S", "3")
    for part in parts(LocalSettings(state_dir=tmp_path), tmp_path, RUN_DIR):
        assert "leaked" not in part.environment.values()
        assert part.environment["CATENARY_DRAIN_S"] == "3"


def test_each_environment_is_taken_by_the_sidecar(by_name: dict[str, Part], monkeypatch: pytest.MonkeyPatch):
    for name, value in by_name["gateway"].environment.items():
        monkeypatch.setenv(name, value)
    settings = SidecarSettings(service="gateway")
    assert settings.manager == "http://127.0.0.1:1001"
    assert parse_address(settings.xds) == parse_address(f"unix:{RUN_DIR}/xds.sock")
    assert settings.run_dir == RUN_DIR
