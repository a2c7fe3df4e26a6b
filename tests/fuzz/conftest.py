"""One whole stack for all fuzz tests; when they are over, every process is still the one that it was.

How much is tried is hypothesis' profile: the same hundred examples each time, or many others with
`pytest tests/fuzz --hypothesis-profile=fuzz`.
"""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from local_stack import LocalStack
from processes import descendants

from catenary import names
from catenary.address import Address, TcpAddress, UnixAddress, parse_address

FAULTS = re.compile(r"Traceback|never retrieved|never awaited|Unhandled|fault in Catenary|Logging error|\[critical\]")
PIPELINES = {
    "iris": ["serving-scikit/iris"],
    "wine": ["serving-scikit/wine"],
    "two": ["serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark"],
}


@dataclass(frozen=True, slots=True)
class Listeners:
    """Everything that can be connected to."""

    http: dict[str, Address]
    """By name: the manager, the Envoy before each service and, as `app of <service>`, what stands behind it."""
    xds: UnixAddress

    def url(self, name: str) -> str:
        return f"http://{self.http[name]}"


@pytest.fixture(scope="session")
def listeners(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listeners]:
    if not Path("/proc/self").is_dir():
        pytest.skip("looks at processes in /proc, which this system does not have")
    stack = LocalStack(tmp_path_factory.mktemp("fuzz"))
    up = stack.run("up", "--detach", "--json")
    assert up.returncode == 0, up.stderr
    record = json.loads(up.stdout)
    try:
        for name, chain in PIPELINES.items():
            made = stack.run("pipeline", "create", name, *chain)
            assert made.returncode == 0, made.stderr
        processes = set(descendants(record["pid"]))
        yield _listeners(record)
        assert set(descendants(record["pid"])) == processes, "a process has died"
        logs = {file.name: file.read_text() for file in Path(record["logs"]).iterdir()}
        faults = [f"{name}: {line}" for name, log in logs.items() for line in log.splitlines() if FAULTS.search(line)]
        assert faults == []
    finally:
        stack.clean_up()


def _listeners(record: dict[str, Any]) -> Listeners:
    http: dict[str, Address] = {"manager": parse_address(record["manager"].rpartition("/")[2])}
    with urllib.request.urlopen(record["manager"] + names.ENVOYS_PATH) as answer:
        envoys = json.load(answer)
    for envoy in envoys:
        address = parse_address(envoy["listen"])
        assert isinstance(address, TcpAddress)
        http[envoy["service"]] = TcpAddress("127.0.0.1", address.port)
    for folder in Path(record["run_dir"]).glob("catenary-*"):
        node = json.loads((folder / "envoy.json").read_text())["node"]
        http[f"app of {node['cluster']}"] = UnixAddress(str(folder / "app.sock"))
    return Listeners(http, UnixAddress(str(Path(record["run_dir"]) / "xds.sock")))
