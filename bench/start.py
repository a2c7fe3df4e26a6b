"""The whole stack with its models: how long until its first right answer, what is resident, what `pm_spark` takes.

Each round starts a stack of its own with empty state on free ports, makes the demo's request, and stops it.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "tests" / "support"), str(HERE.parent)]

from processes import descendants
from rounds import Fault, Figures, parser, resident_mb, run

from catenary import names
from catenary.address import free_port
from catenary.client import Client
from catenary.local import background
from catenary.local.demo import serve_demo
from catenary.local.settings import LocalSettings
from catenary.local.stack import Stack

FEATURES, FOREST = "serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark"
REQUESTS = 300


def settings(state_dir: Path) -> LocalSettings:
    ports = {f"{part}_port": free_port() for part in ("manager", "gateway", "repository")}
    return LocalSettings(state_dir=state_dir, model_directory=HERE.parent / "models", **ports)


def first_answer(local: LocalSettings) -> tuple[Stack, dict[str, float]]:
    """Start the stack and send the demo's request."""
    began = time.perf_counter()
    stack = background.start(local, lambda _: None)
    if isinstance(stack, int):
        raise Fault(f"the stack did not start: {stack}; logs in {local.state_dir}")
    ready_s = time.perf_counter() - began
    if not serve_demo(stack).right:
        raise Fault("the demo's answer is not right")
    return stack, {"ready, s": ready_s, "first answer, s": time.perf_counter() - began}


def forest_ms(stack: Stack) -> dict[str, float]:
    """What the gateway says that `pm_spark` took for a single row, requests one after another."""
    manager, gateway = Client(stack.manager), Client(stack.gateway)
    for name, step in (("features", FEATURES), ("forest", FOREST)):
        manager.call("POST", names.PIPELINES_PATH, {"name": name, "chain": [step]})
    request = json.loads((HERE.parent / "models" / "custom" / "pm_scikit" / "request.json").read_bytes())
    row = json.dumps(gateway.call("POST", f"{names.SERVE_PATH}/features", request[:1]))
    connection = http.client.HTTPConnection(urlsplit(stack.gateway).netloc)
    taken = []
    for _ in range(REQUESTS):
        connection.request("POST", f"{names.SERVE_PATH}/forest", row, {"content-type": names.JSON_TYPE})
        answer = connection.getresponse()
        said = answer.read()
        if answer.status != 200 or b'"prediction"' not in said:
            raise Fault(f"pm_spark answered {answer.status}: {said!r}")
        timing = re.search(r"pm_spark;dur=([\d.]+)", answer.headers[names.SERVER_TIMING])
        assert timing
        taken.append(float(timing[1]))
    connection.close()
    return {"p50, ms": statistics.median(taken), "p95, ms": statistics.quantiles(taken, n=20)[-1]}


def memory(stack: Stack) -> dict[tuple[str, str], float]:
    """MB resident, by the part of the stack and what the process is in it."""
    found = {("launcher", "launcher"): resident_mb(stack.pid)}
    for part in stack.parts:
        assert part.pid
        for pid in descendants(part.pid):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
            what = "Envoy" if b"--config-path" in words else "supervisor" if b"sidecar" in words else "app"
            found[part.name, what] = resident_mb(pid)
    return found


async def measure(options: argparse.Namespace) -> list[Figures]:
    # As with every other subject.
    os.environ["CATENARY_KEEP_TRACES"] = "0"
    start = Figures("Start of the stack", "")
    forest = Figures("`pm_spark` on one row, by its `server-timing`", "")
    resident = Figures("Resident memory after some hundred requests", "part", "process")
    for number in range(options.rounds):
        print(f"start: round {number + 1} of {options.rounds}", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="catenary-bench-", dir="/tmp") as folder:
            local = settings(Path(folder))
            try:
                stack, times = first_answer(local)
                start.add(("empty state",), times)
                forest.add(("one at a time",), forest_ms(stack))
                for case, size in memory(stack).items():
                    resident.add(case, {"MB": size})
            finally:
                background.stop(local)
    return [start, forest, resident]


if __name__ == "__main__":
    run(parser(__doc__).parse_args(), measure)
