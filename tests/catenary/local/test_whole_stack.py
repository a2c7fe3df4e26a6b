"""The whole stack as a person starts and stops it: real processes, real Envoys, the example models."""

from __future__ import annotations

import json
import re
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catenary import data, names
from catenary.address import free_port
from catenary.client import Client

PARTS = ["manager", "gateway", "repository", *names.SERVICE_OF_TYPE.values()]
Processes = Callable[[int], list[int]]


def test_a_detached_stack_serves_and_leaves_nothing_behind(stack: Any, processes_of: Processes, kill: Any):
    up = stack.run("up", "--detach", "--json")
    assert up.returncode == 0, up.stderr
    assert [line.split()[-3] for line in up.stderr.splitlines() if line.endswith(" is ready")][:1] == ["manager"]
    record = json.loads(up.stdout)
    processes = processes_of(record["pid"])
    assert [part["name"] for part in record["parts"]] == PARTS

    status = stack.status()
    assert {part["name"]: part["state"] for part in status["parts"]} == dict.fromkeys(PARTS, "ready")
    models = {model["name"] for part in status["parts"] for model in part["models"]}
    assert models >= {"pm_scikit", "pm_spark", "iris", "wine"}
    assert "serving-scikit" in stack.run("status").stdout
    targets = json.loads(Path(record["targets"]).read_text())
    assert {group["labels"]["job"] for group in targets} == {*PARTS}

    second = stack.run("up")
    assert second.returncode == 2
    assert f"a stack is up already: process {record['pid']}, manager {record['manager']}" in second.stderr
    assert stack.run("up", "--detach").stderr == second.stderr
    assert "manager is ready" in (stack.state / "logs" / "launcher.log").read_text(), "the log of the one that is up"

    assert stack.run("pipeline", "create", "iris", "serving-scikit/iris").returncode == 0
    request = data.models_dir() / "scikit" / "iris" / "request.json"
    call = json.loads(stack.run("call", "iris", "-d", f"@{request}", "--json").stdout)
    assert [row["prediction"] for row in call["answer"]] == ["setosa", "versicolor", "virginica"]
    assert [(time["model"], time["service"]) for time in call["times"]] == [("iris", "serving-scikit"), ("total", "")]
    assert len(call["trace_id"]) == 32
    assert call["request_id"]
    table = stack.run("call", "iris", "-d", f"@{request}").stdout
    assert "virginica" in table
    assert "iris at serving-scikit" in table

    wrong = stack.run("call", "iris", "-d", "[{}]", "--json")
    assert wrong.returncode == 1
    assert "sepal_length" in wrong.stderr
    assert json.loads(wrong.stdout)["answer"]["detail"] in wrong.stderr

    listed = json.loads(stack.run("model", "list", "--json").stdout)
    assert {model["name"]: model["state"] for model in listed}["pm_spark"] == "ready"

    down = stack.run("down", "--json")
    assert (down.returncode, json.loads(down.stdout)) == (0, {"stopped": True, "pid": record["pid"]})
    stack.until_nothing_is_left(record, processes)
    assert not (stack.state / "stack.json").exists()
    assert stack.run("status").returncode == 1
    assert json.loads(stack.run("down", "--json").stdout) == {"stopped": False, "pid": None}


def test_the_demo_answers_right_and_an_interrupt_leaves_nothing_behind(stack: Any, processes_of: Processes):
    demo = stack.start("demo")
    demo.until_says("Ctrl-C stops the stack")
    record = stack.record()
    processes = processes_of(demo.process.pid)
    assert len(processes) > 2 * len(PARTS)
    for text in ("Eheim", "no", "yes", "pm_spark at serving-localml-spark", "trace", "First answer after"):
        assert text in demo.out.read_text()

    again = json.loads(stack.run("demo", "--json").stdout)
    assert again["right"]
    assert [row["predictionLabel"] for row in again["answer"]] == ["no", "yes"]
    assert stack.record()["pid"] == record["pid"], "a demo beside a running stack leaves it up"

    demo.signal(signal.SIGINT)
    assert demo.ended() == 0
    stack.until_nothing_is_left(record, processes)
    stopped = [line.split("stopping ")[1] for line in demo.err.read_text().splitlines() if "stopping" in line]
    assert stopped == ["gateway", ", ".join(names.SERVICE_OF_TYPE.values()), "repository", "manager"]


def test_a_launcher_that_is_killed_takes_all_with_it_and_the_next_start_works(
    stack: Any, processes_of: Processes, kill: Callable[[int], None]
):
    up = stack.start("up")
    up.until_says("The stack is up")
    killed = stack.record()
    processes = processes_of(up.process.pid)
    kill(up.process.pid)
    up.ended()
    stack.until_nothing_is_left(killed, processes)
    assert stack.run("status").returncode == 1

    once = stack.run("demo", "--once", "--json")
    assert once.returncode == 0, once.stderr
    assert json.loads(once.stdout)["right"]
    assert not (stack.state / "stack.json").exists()


def test_a_part_that_dies_comes_back_and_a_foreign_server_is_a_step(
    stack: Any, processes_of: Processes, kill: Callable[[int], None], tmp_path: Path
):
    up = stack.start("up")
    up.until_says("The stack is up")
    record = stack.record()

    port = free_port()
    words = ("sidecar", "--service", "serving-shout", "--port", str(port))
    sidecar = stack.start(*words, "--", sys.executable, "-c", _SHOUTING_SERVER)
    sidecar.until_says("registered as serving-shout")
    stack.run("pipeline", "create", "shout", "serving-shout/shout")
    call = stack.run("call", "shout", "-d", '[{"word": "hello"}]', "--json")
    assert json.loads(call.stdout)["answer"] == [{"word": "HELLO"}]
    sidecar.signal(signal.SIGTERM)
    assert sidecar.ended() == 0

    victim = next(part for part in record["parts"] if part["name"] == "serving-scikit")
    kill(victim["pid"])
    up.until_says("serving-scikit ended with status 137")
    stack.until(lambda: stack.run("status").returncode == 0, "the part is ready again")
    restarted = next(part for part in stack.record()["parts"] if part["name"] == "serving-scikit")
    assert restarted["restarts"] == 1
    assert restarted["pid"] != victim["pid"]

    processes = processes_of(up.process.pid)
    up.signal(signal.SIGINT)
    up.until_says("stopping gateway")
    up.signal(signal.SIGINT)
    assert up.ended() == 0
    assert "asked twice" in up.err.read_text()
    stack.until_nothing_is_left(record, processes)


def test_an_interrupt_during_the_start_leaves_nothing_behind(stack: Any, processes_of: Processes):
    up = stack.start("up")
    up.until_says("manager is ready")
    record = stack.record()
    processes = processes_of(up.process.pid)
    up.signal(signal.SIGINT)
    assert up.ended() == 0
    stack.until_nothing_is_left(record, processes)
    assert not (stack.state / "stack.json").exists()


def test_an_interrupt_while_a_detached_stack_starts_stops_it(stack: Any, processes_of: Processes):
    up = stack.start("up", "--detach")
    up.until_says("manager is ready")
    record = stack.record()
    processes = processes_of(record["pid"])
    up.signal(signal.SIGINT)
    assert up.ended() == 130
    stack.until_nothing_is_left(record, processes)
    assert "Traceback" not in up.err.read_text()


@pytest.mark.parametrize(("setting", "value"), [("CATENARY_BODY_BYTES", "none"), ("CATENARY_DRAIN_S", "-3")])
def test_a_part_that_finds_its_settings_wrong_is_not_started_again(stack: Any, setting: str, value: str):
    up = stack.run("up", **{setting: value})
    assert up.returncode == 2
    assert "is started again" not in up.stderr
    [sentence] = [line for line in up.stderr.splitlines() if setting in line]
    assert re.match(rf"catenary: [\w-]+ does not start: the settings are not right: {setting}: ", sentence)
    assert "Traceback" not in up.stderr
    assert not (stack.state / "stack.json").exists()


def test_a_part_that_is_too_slow_is_named(stack: Any):
    up = stack.run("up", CATENARY_START_TIMEOUT_S="0.01")
    assert up.returncode == 1
    assert "not ready within 0.01 s. The end of its log, " in up.stderr


_ANSWERS = """
import logging

def load(path):
    return Model()

class Model:
    def predict(self, rows):
        logging.getLogger("talker").warning("says {word}")
        return [{{**row, "says": "{word}"}} for row in rows]
"""


def test_a_models_life_from_the_copy_to_the_end_without_a_restart(stack: Any, tmp_path: Path):
    models = tmp_path / "models"
    folder = models / "custom" / "talker"
    (models / "scikit").mkdir(parents=True)
    up = stack.run("up", "--detach", "--models", str(models))
    assert up.returncode == 0, up.stderr
    manager = Client(stack.record()["manager"])
    gateway = Client(stack.record()["gateway"])

    def pipeline() -> dict[str, Any]:
        return dict(manager.call("GET", f"{names.PIPELINES_PATH}/talker"))

    def listed() -> dict[str, Any]:
        return next((model for model in manager.call("GET", names.MODELS_PATH) if model["name"] == "talker"), {})

    def said() -> Any:
        (row,) = gateway.call("POST", f"{names.SERVE_PATH}/talker", [{"x": 1}])
        return row["says"]

    created = stack.run("pipeline", "create", "talker", "serving-customscikit/talker", "--json")
    assert [wait["reason"] for wait in json.loads(created.stdout)["waiting_for"]] == ["unknown-model"]

    # Copied.
    folder.mkdir(parents=True)
    (folder / "metadata.json").write_text('{"model": "talker", "inputs": ["x"], "outputs": ["says"]}')
    (folder / "model.py").write_text(_ANSWERS.format(word="one"))
    stack.until(lambda: pipeline()["state"] == "ready", "the model is served")
    assert said() == "one"
    assert gateway.send("POST", f"{names.SERVE_PATH}/talker", b"[{").status == 400
    assert gateway.send("POST", f"{names.SERVE_PATH}/talker", b"[{}]").status == 422

    # What it wrote in a request carries the ids of the gateway's line for it.
    served = gateway.send("POST", f"{names.SERVE_PATH}/talker", b'[{"x": 1}]')
    for header in (names.REQUEST_ID, names.TRACE_ID):

        def both_have_written(request: str = served.headers[header]) -> bool:
            shown = stack.run("logs", "--request", request).stdout
            by_gateway = " gateway/envoy: POST /api/v1/serve/talker 200 pipeline=talker "
            return by_gateway in shown and " serving-customscikit: says one request_id=" in shown

        stack.until(both_have_written, f"lines about the {header} of {served.headers}")
    following = stack.start("logs", "-f", "gateway", "--json")
    following.until_says(served.headers[names.REQUEST_ID])

    # Changed: each answer is the old one's or the new one's.
    (folder / "model.py").write_text(_ANSWERS.format(word="two"))
    words = []
    stack.until(lambda: words.append(said()) or words[-1] == "two", "the new version answers")
    assert set(words) == {"one", "two"}
    assert words == sorted(words)

    # Broken: the old version stays, and the reason is told.
    (folder / "model.py").write_text("import a_module_that_is_not_there\n")
    stack.until(lambda: "a_module_that_is_not_there" in listed().get("reason", ""), "the reason is listed")
    assert said() == "two"
    assert pipeline()["state"] == "ready"

    # Deleted.
    shutil.rmtree(folder)
    stack.until(lambda: pipeline()["state"] == "waiting", "the pipeline waits")
    answer = gateway.send("POST", f"{names.SERVE_PATH}/talker", b"[{}]")
    assert answer.status == 404
    assert answer.json()["model"] == "talker"
    assert listed() == {}

    following.until_says(answer.headers[names.REQUEST_ID])
    assert stack.run("down").returncode == 0
    assert following.ended() == 0


_SHOUTING_SERVER = """
import http.server, os
class Shout(http.server.BaseHTTPRequestHandler):
    def do_GET(self): self.answer(b"well")
    def do_POST(self): self.answer(self.rfile.read(int(self.headers["content-length"])).replace(b"hello", b"HELLO"))
    def answer(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Shout).serve_forever()
"""
