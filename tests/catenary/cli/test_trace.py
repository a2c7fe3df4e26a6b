"""`catenary trace` with a real manager, to which the test sends the spans."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from catenary.cli import trace as module
from catenary.client import Client

LONG_AGO_US = 1_700_000_000_000_000


def span(trace: str, id_: str, parent: str | None, name: str, began_us: int) -> dict[str, Any]:
    parents = {"parentId": parent * 16} if parent else {}
    own = {"name": name, "timestamp": began_us, "duration": 2_000, "localEndpoint": {"serviceName": "gateway"}}
    return {"traceId": trace * 32, "id": id_ * 16, **parents, **own}


def post(manager: str, *spans: dict[str, Any]) -> None:
    assert Client(manager).send("POST", "/api/v2/spans", json.dumps(spans).encode()).status == 202


def test_a_trace_that_is_over_is_shown_at_once(run: Any, manager: str) -> None:
    post(manager, span("1", "b", "a", "inner", LONG_AGO_US + 500), span("1", "a", None, "outer", LONG_AGO_US))
    result = run("trace", "1" * 32, "--manager", manager)
    assert (result.exit_code, result.stderr) == (0, "")
    _, _, outer, inner = [line for line in result.stdout.splitlines() if line.strip()]
    assert outer.split()[:6] == ["gateway", "outer", "0.00", "ms", "2.00", "ms"]
    assert inner.split()[:6] == ["gateway", "inner", "0.50", "ms", "2.00", "ms"]
    assert inner.index("gateway") > outer.index("gateway")


def test_the_id_may_be_in_capitals_and_the_spans_are_json_on_request(run: Any, manager: str) -> None:
    sent = span("f", "a", None, "outer", LONG_AGO_US)
    post(manager, sent)
    result = run("trace", "F" * 32, "--manager", manager, "--json")
    assert json.loads(result.stdout) == [sent]


def test_the_late_spans_of_a_young_trace_are_waited_for(
    run: Any, manager: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LATE_S", 3_600.0)
    now_us = int(time.time() * 1e6)
    post(manager, span("2", "a", None, "outer", now_us))
    said = []

    def late(sentence: str) -> None:
        said.append(sentence)
        post(manager, span("2", "b", "a", "inner", now_us))
        monkeypatch.setattr(module, "LATE_S", 0.0)

    monkeypatch.setattr(module, "remark", late)
    assert "inner" in run("trace", "2" * 32, "--manager", manager).stdout
    assert said == [f"waiting for the spans of trace {'2' * 32}, which are sent once a second"]


def test_a_trace_by_a_clock_that_is_ahead_is_waited_for_no_longer_than_others(
    run: Any, manager: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    post(manager, span("3", "a", None, "outer", int((time.time() + 3_600) * 1e6)))
    assert "outer" in run("trace", "3" * 32, "--manager", manager).stdout


def test_an_unknown_trace_is_1_after_a_wait_that_is_said(
    run: Any, manager: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 2.0)  # far more than the first answer takes
    result = run("trace", "4" * 32, "--manager", manager)
    assert (result.exit_code, result.stdout) == (1, "")
    waiting, error = result.stderr.splitlines()
    assert waiting.startswith("waiting for the spans of trace 4444")
    assert error.startswith(f"catenary: there is no trace '{'4' * 32}': the last 10 traces are kept here")


@pytest.mark.parametrize("id_", ["xyz", "1" * 33, "../services", "%2e", ""])
def test_what_is_no_id_is_wrong_usage(run: Any, id_: str) -> None:
    result = run("trace", id_, "--manager", "http://127.0.0.1:9")
    assert result.exit_code == 2
    assert "hexadecimal" in result.stderr
