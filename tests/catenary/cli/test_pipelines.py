from __future__ import annotations

import json
from typing import Any

import pytest

from catenary.cli.pipelines import step_text


@pytest.fixture
def ask(run: Any, manager: str) -> Any:
    return lambda *words: run(*words, "--manager", manager)


def test_a_created_pipeline_says_what_it_waits_for(ask: Any):
    result = ask("pipeline", "create", "chain", "serving-scikit/iris", "serving-nowhere/m")
    assert result.exit_code == 0
    assert "waiting" in result.stdout
    assert "step 1: no instance of serving-scikit is up" in result.stdout
    assert "step 2: there is no service 'serving-nowhere'" in result.stdout


def test_json_is_the_managers_own(ask: Any):
    result = ask("pipeline", "create", "timed", "serving-scikit/iris", "--timeout-s", "2.5", "--json")
    pipeline = json.loads(result.stdout)
    assert pipeline["timeout_s"] == 2.5
    assert pipeline["chain"] == ["serving-scikit/iris"]
    assert json.loads(ask("pipeline", "show", "timed", "--json").stdout) == pipeline
    assert pipeline in json.loads(ask("pipeline", "list", "--json").stdout)


def test_a_step_may_be_an_object(ask: Any):
    step = {"service": "serving-scikit", "model": "iris", "retries": 0}
    result = ask("pipeline", "create", "object", json.dumps(step), "--json")
    assert json.loads(result.stdout)["chain"] == [step]
    assert "serving-scikit/iris retries=0" in ask("pipeline", "show", "object").stdout


def test_limits_are_shown_as_they_are(ask: Any):
    limits = {
        "requests_per_s": 100.0,
        "concurrent_requests": 16,
        "per_client": {"requests_per_s": 0.5, "burst": 3, "header": "x-api-key"},
    }
    result = ask("pipeline", "create", "limited", "serving-scikit/iris", "--limits", json.dumps(limits), "--json")
    assert json.loads(result.stdout)["limits"] == limits
    shown = ask("pipeline", "show", "limited").stdout
    for text in ("100/s", "16 at once", "0.5/s, burst 3 per client by x-api-key"):
        assert text in shown
    assert "limits" not in ask("pipeline", "create", "unlimited", "serving-scikit/iris").stdout


def test_a_pipeline_of_grpc_is_shown_as_one(ask: Any):
    result = ask("pipeline", "create", "called", "serving-mine/m", "--transport", "grpc", "--json")
    assert json.loads(result.stdout)["transportType"] == "grpc"
    assert "grpc" in ask("pipeline", "show", "called").stdout
    assert "transport" not in ask("pipeline", "create", "rows", "serving-scikit/iris").stdout


def test_limits_that_are_not_json_are_wrong_usage(ask: Any):
    result = ask("pipeline", "create", "broken", "serving-scikit/iris", "--limits", "100/s")
    assert result.exit_code == 2
    assert "--limits" in result.stderr


def test_an_object_that_is_not_json_is_wrong_usage(ask: Any):
    result = ask("pipeline", "create", "broken", "{service")
    assert result.exit_code == 2
    assert "STEP" in result.stderr


def test_a_deleted_pipeline_is_gone(ask: Any):
    ask("pipeline", "create", "short-lived", "serving-scikit/iris")
    assert ask("pipeline", "delete", "short-lived").exit_code == 0
    result = ask("pipeline", "show", "short-lived")
    assert result.exit_code == 1
    assert result.stderr.startswith("catenary: there is no pipeline 'short-lived'")
    assert result.stdout == ""


def test_what_the_manager_refuses_is_its_sentence(ask: Any):
    result = ask("pipeline", "create", "wrong", "no-slash")
    assert result.exit_code == 1
    assert result.stderr == "catenary: chain[0]: 'no-slash' is not <service>/<model>\n"


def test_a_name_with_a_slash_is_one_name(ask: Any):
    result = ask("pipeline", "show", "a/../b")
    assert result.exit_code == 1
    assert "there is no pipeline 'a/../b'" in result.stderr


def test_the_manager_may_be_named_by_the_environment(run: Any, manager: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CATENARY_MANAGER", manager)
    assert run("pipeline", "list").exit_code == 0


def test_without_models_the_list_is_empty(ask: Any):
    assert json.loads(ask("model", "list", "--json").stdout) == []
    assert "there are no models" in ask("model", "list").stderr


def test_options_of_a_step_are_shown():
    assert step_text({"service": "s", "model": "m", "timeout_s": 2.0}) == "s/m timeout_s=2.0"
