"""The profile `observability` beside the stack: Prometheus finds in Consul whatever there is."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from containers import PATIENCE_S, Stack

pytestmark = pytest.mark.compose

PROMETHEUS = "http://127.0.0.1:9090"
SERVICES = {"gateway", "manager", "repository", "serving-scikit", "serving-customscikit", "serving-localml-spark"}


@pytest.fixture
def prometheus(stack: Stack) -> Iterator[str]:
    """Without Grafana, of which there is no stand-in where no registry can be reached."""
    stack.up("--no-recreate", "prometheus", COMPOSE_PROFILES="observability")
    yield PROMETHEUS
    stack.run("docker", "compose", "--profile", "observability", "rm", "--stop", "--force", "--volumes", "prometheus")


def targets() -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{PROMETHEUS}/api/v1/targets", timeout=10) as answer:
        return list(json.load(answer)["data"]["activeTargets"])


def scraped() -> list[dict[str, str]]:
    """The labels of the targets that answer."""
    return [target["labels"] for target in targets() if target["health"] == "up"]


def test_prometheus_reads_every_instance_by_its_service_and_id(prometheus: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while {labels["job"] for labels in scraped()} != SERVICES:
        assert time.monotonic() < end, targets()
        time.sleep(0.5)
    assert all(labels["instance"].startswith(labels["job"] + "-") for labels in scraped())


def test_the_rules_are_loaded(prometheus: str) -> None:
    with urllib.request.urlopen(f"{PROMETHEUS}/api/v1/rules?type=alert", timeout=10) as answer:
        groups = json.load(answer)["data"]["groups"]
    assert "CatenaryErrors" in {rule["name"] for group in groups for rule in group["rules"]}


def test_top_reads_all_instances_from_among_them(stack: Stack) -> None:
    said = json.loads(
        stack.compose("exec", "-T", "manager", "python", "-m", "catenary", "top", "--interval", "1", "--json")
    )
    assert said["unread"] == {}
