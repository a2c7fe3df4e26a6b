"""On a terminal of 80 columns no line of a table is wider, and nothing that people copy is broken."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catenary.cli import demo, models, pipelines, stack
from catenary.cli.output import print_table
from catenary.client import Answer
from catenary.local.demo import Demonstration, request_file
from catenary.local.stack import Stack

STACK = Stack(
    4194304, "ready", "http://localhost:8080", "http://g", "http://r", "unix:/x", "/models", "/logs", "/t", "/run"
)


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Any:
    """The lines that were printed, without those that are empty, and without the blanks around each."""
    return lambda: [line.strip() for line in capsys.readouterr().out.splitlines() if line.strip()]


def test_the_demos_table_has_a_line_a_row(lines: Any):
    sent = json.loads(request_file().read_text())
    rows = [{"predictionLabel": label, "probability": [0.1, 0.9]} for label in ("no", "yes")]
    answer = Answer("http://g", 200, {}, json.dumps(rows).encode())
    demo._print(STACK, Demonstration(sent, answer), 4.2)
    columns, _, first, second, *_ = lines()
    assert columns.split() == ["product", "1", "product", "2", "the", "same?", "probability"]
    assert first.startswith("Apple iPhone 4 8GB Blac...  Eheim 1048 Universal Aq...  no")
    assert first.endswith("0.90")
    assert second.startswith("Apple iPhone 4 8GB Blac...  Apple iPhone 4 8GB Blac...  yes")
    assert max(len(first), len(second), len(columns)) < 80


def test_status_keeps_each_url_whole_and_lists_the_models_below(lines: Any):
    served = [{"name": name, "state": state} for name, state in (("pm_spark", "ready"), ("m" * 60, "loading"))]
    part = {"name": "serving-customscikit", "state": "starting", "pid": 4194304, "restarts": 0, "models": served}
    own, other = {**part, "url": None, "address": "127.0.0.1:65535"}, {**part, "url": STACK.manager, "models": []}
    stack._print_status(STACK, [own, other], [])
    _, _, first, second, has, _ = lines()
    assert first.endswith("http://127.0.0.1:65535")
    assert second.endswith(STACK.manager)
    assert len(first) < 80
    assert has == f"serving-customscikit has pm_spark, {'m' * 60} (loading)"


def test_a_models_reason_is_a_line_of_its_own(lines: Any, monkeypatch: pytest.MonkeyPatch):
    reason = "model.pkl cannot be read: " + "it was written by another release " * 4
    broken = {"name": "iris", "runtime": "scikit", "service": "serving-customscikit", "state": "broken", "version": ""}
    monkeypatch.setattr(models, "manager_client", lambda url: _Manager([{**broken, "reason": reason}]))
    models.list_models()
    *_, row, said = lines()
    assert row.split() == ["iris", "scikit", "serving-customscikit", "broken", "-"]
    assert said == f"iris: {reason}".rstrip()


def test_a_pipelines_chain_stays_whole_and_what_it_waits_for_is_below(lines: Any):
    chain = ["serving-customscikit/pm_scikit", "serving-localml-spark/pm_spark"]
    waiting = [{"step": 2, "detail": "no instance of serving-localml-spark is up, and none has ever been up"}]
    shown = {"name": "endpointML", "state": "waiting", "transportType": "http", "timeout_s": 60}
    pipelines.print_pipelines([shown | {"chain": chain, "waiting_for": waiting}])
    _, _, first, second, waits = lines()
    assert first.split() == ["endpointML", "waiting", "60", "s", chain[0]]
    assert second.strip() == chain[1]
    assert waits == f"endpointML waits for step 2: {waiting[0]['detail']}"


def test_only_the_last_column_is_folded(lines: Any):
    name = "a name of forty-six characters in many words"
    print_table(("name", "text"), [(name, "a word " * 20)])
    _, _, first, second, *others = lines()
    assert first.startswith(f"{name}  a word")
    assert {line.strip()[:1] for line in (second, *others)} <= {"a", "w"}
    assert all(len(line) < 80 for line in (first, second, *others))


class _Manager:
    def __init__(self, answer: object) -> None:
        self._answer = answer

    def call(self, method: str, path: str) -> object:
        return self._answer
