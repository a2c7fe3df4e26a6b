"""What an Envoy is started with: compared with golden files, and judged by Envoy itself.

`CATENARY_GOLDEN=update` writes the golden files anew.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from catenary.address import Address, TcpAddress, UnixAddress
from catenary.logs import LogFormat
from catenary.node import Node
from catenary.sidecar.bootstrap import bootstrap, envoy_command
from catenary.sidecar.envoy_binary import find_envoy

GOLDEN = Path(__file__).with_name("golden")
ADMIN = Path("/tmp/catenary-x/admin.sock")
SIDECAR = Node(
    id="serving-scikit-0123abcd",
    service="serving-scikit",
    role="sidecar",
    listen=TcpAddress("127.0.0.1", 40000),
    app=UnixAddress("/tmp/catenary-x/app.sock"),
    body_bytes=1000,
)
GATEWAY = Node("gateway-0123abcd", "gateway", "gateway", TcpAddress("127.0.0.1", 8083), SIDECAR.app, 64 << 20)
CASES: dict[str, tuple[Node, list[Address]]] = {
    "sidecar": (SIDECAR, [UnixAddress("/tmp/catenary-x/xds.sock")]),
    "gateway": (GATEWAY, [TcpAddress("127.0.0.1", 18000)]),
    "sidecar-manager-by-name": (SIDECAR, [TcpAddress("manager", 18000)]),
    "two-managers": (SIDECAR, [TcpAddress("10.0.0.1", 18000), TcpAddress("manager", 18000)]),
}


@pytest.mark.parametrize("case", CASES)
def test_the_bootstrap_is_as_it_was(case: str) -> None:
    node, xds = CASES[case]
    document = json.dumps(bootstrap(node, xds, ADMIN), indent=2, sort_keys=True) + "\n"
    golden = GOLDEN / f"{case}.json"
    if os.environ.get("CATENARY_GOLDEN") == "update":
        golden.write_text(document)
    assert document == golden.read_text()


def test_there_is_a_case_for_each_golden_file() -> None:
    assert {file.stem for file in GOLDEN.glob("*.json")} == CASES.keys()


@pytest.mark.parametrize("log_format", ["text", "json"])
@pytest.mark.parametrize("case", CASES)
def test_envoy_takes_bootstrap_and_flags_without_a_warning(tmp_path: Path, case: str, log_format: LogFormat) -> None:
    node, xds = CASES[case]
    file = tmp_path / "envoy.json"
    file.write_text(json.dumps(bootstrap(node, xds, tmp_path / "admin.sock")))
    command = [*envoy_command(find_envoy(), file, node, log_format), "--mode", "validate"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")


def test_the_admin_is_never_on_tcp() -> None:
    for node, xds in CASES.values():
        assert bootstrap(node, xds, ADMIN)["admin"]["address"].keys() == {"pipe"}


def test_envoy_knows_its_node_again() -> None:
    node = bootstrap(SIDECAR, [UnixAddress("/x.sock")], ADMIN)["node"]
    assert Node.from_metadata(node["id"], node["cluster"], node["metadata"]) == SIDECAR
