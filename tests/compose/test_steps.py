"""The stack in parts, each in a foreground of its own, and how it ends."""

from __future__ import annotations

import json
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from containers import CHECKOUT, ENVIRONMENT, GATEWAY, MANAGER, PATIENCE_S, REQUEST, Stack
from readme import CONTAINERS, commands

pytestmark = pytest.mark.compose

OURS = ("gateway", "scikit", "custom-scikit", "localml-spark", "repository", "manager")
PIPELINE = {"name": "steps", "chain": ["serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark"]}
FOREGROUND = """
docker compose up consul zipkin manager
MODEL_DIRECTORY=$(pwd)/models docker compose up gateway repository
docker compose up localml-spark custom-scikit
"""


def ask(url: str, document: object = None) -> Any:
    """The answer's JSON; None where it is no success, or nobody answers."""
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return json.load(answer)
    except (OSError, ValueError):
        return None


def until(ask_for: Callable[[], Any]) -> Any:
    """The first answer that is not empty."""
    end = time.monotonic() + PATIENCE_S
    while not (answer := ask_for()):
        assert time.monotonic() < end
        time.sleep(0.2)
    return answer


def test_the_readmes_commands_are_those_that_run_here() -> None:
    """The first as `make test-containers` and the fixture run it, the last as the faults are tested."""
    assert [block.strip() for block in commands()[CONTAINERS]] == [
        "./build.sh\ndocker compose up -d --wait",
        FOREGROUND.strip(),
        "docker compose up -d --wait --no-recreate --scale custom-scikit=3",
    ]


def test_the_stack_comes_up_in_three_parts_and_each_ends_with_ctrl_c(stack: Stack) -> None:
    stack.down()
    parts = []
    try:
        for line in FOREGROUND.strip().splitlines():
            parts.append(
                subprocess.Popen(
                    ["bash", "-c", line],
                    cwd=CHECKOUT,
                    env=ENVIRONMENT,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    start_new_session=True,
                )
            )
            if len(parts) == 1:
                # It is degraded while Consul elects its leader.
                until(lambda: (ask(f"{MANAGER}/health") or {}).get("status") == "ok")
                assert ask(f"{MANAGER}/api/v1/pipelines", PIPELINE)
        rows = until(lambda: ask(f"{GATEWAY}/api/v1/serve/steps", json.loads(REQUEST.read_text())))
        assert [row["predictionLabel"] for row in rows] == ["no", "yes"]
    finally:
        for part in reversed(parts):
            subprocess.run(["kill", f"-{signal.SIGINT.value}", "--", f"-{part.pid}"], check=True)
            part.wait(PATIENCE_S)
    assert stack.compose("ps", "--quiet", "--status", "running") == ""


def test_every_container_stops_in_order_and_pipelines_outlive_the_stack(stack: Stack) -> None:
    stack.up()
    assert ask(f"{MANAGER}/api/v1/pipelines", PIPELINE)
    stack.compose("down")
    stack.up()
    assert "steps" in [pipeline["name"] for pipeline in ask(f"{MANAGER}/api/v1/pipelines")]
    for service in OURS:
        for container in stack.containers(service):
            stack.docker("stop", container)
            assert (service, stack.inspect(container)["State"]["ExitCode"]) == (service, 0)
