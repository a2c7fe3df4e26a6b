"""Every query of the dashboard, run against a real Prometheus that has read a real stack under load."""

from __future__ import annotations

import asyncio
import math
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from dashboard import PANELS, name_of, queries
from local_stack import LocalStack
from servers import Prometheus
from watched_stack import Load

RULES = yaml.safe_load((Path(__file__).resolve().parents[2] / "observability" / "alerts.yml").read_text())
NAMES, FIRING = "names", "firing"
SCRAPES = 8
"""As many of each target, a second apart; rates are taken over them."""
MAY_BE_ZERO = ("Loads", "Waiting", "Threads in use", "Configuration refused")
"""Panels of what need not happen under load."""
MOST = {"percentunit": 1.0, "s": 60.0}
"""What a figure in this unit can be at most."""


Answers = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def answers(stack: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Answers:
    """What Prometheus answers to each query, after some seconds of load."""
    return asyncio.run(_answers(stack, tmp_path_factory.mktemp("prometheus")))


async def _answers(stack: LocalStack, folder: Path) -> Answers:
    # The configuration that the stack has written, but faster.
    written = Path(stack.record()["targets"]).parent
    config = yaml.safe_load((written / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    faster = written / "faster.yml"
    faster.write_text(yaml.safe_dump(config))
    asked = queries(f"{SCRAPES}s") | {NAMES: 'count by (__name__) ({__name__!=""})', FIRING: "ALERTS"}
    async with Prometheus(folder, faster) as prometheus, Load(stack) as load:
        while True:
            await load.round()
            scrapes = await prometheus.query("min(count_over_time(up[1m]))")
            if scrapes and float(scrapes[0]["value"][1]) >= SCRAPES:
                break
        assert [target for target in await prometheus.targets() if target["health"] != "up"] == []
        return {name: await prometheus.query(expr) for name, expr in asked.items()}


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel["title"])
def test_every_query_has_plausible_figures(answers: Answers, panel: dict[str, Any]) -> None:
    most = MOST.get(panel["fieldConfig"]["defaults"]["unit"], math.inf)
    for target in panel["targets"]:
        found = [float(sample["value"][1]) for sample in answers[name_of(panel, target)]]
        figures = [figure for figure in found if not math.isnan(figure)]
        assert figures, target["expr"]
        assert all(0 <= figure <= most for figure in figures)
        assert max(figures) > 0 or panel["title"] in MAY_BE_ZERO, target["expr"]


def test_failures_are_told_apart_by_kind_and_step(answers: Answers) -> None:
    of_steps = next(
        panel for panel in PANELS if "service" in panel["targets"][0]["legendFormat"] and "kind" in str(panel)
    )
    found = {
        (labels["pipeline"], labels["step"], labels["service"], labels["kind"])
        for labels in (sample["metric"] for sample in answers[name_of(of_steps, of_steps["targets"][0])])
    }
    assert found >= {
        ("flowers", "1", "serving-scikit", "rejected"),
        ("lost", "1", "serving-lost", "unreachable"),
    }
    assert ("endpointML", "timeout") in {(pipeline, kind) for pipeline, _, _, kind in found}


def test_alerts_ask_for_metrics_that_there_are(answers: Answers) -> None:
    there = {sample["metric"]["__name__"] for sample in answers[NAMES]}
    # Those of the same family are shown when they have counted.
    assert "envoy_tracing_zipkin_reports_sent" in there
    there |= {f"envoy_tracing_zipkin_reports_{what}" for what in ("dropped", "failed", "skipped_no_cluster")}
    text = " ".join(rule["expr"] for group in RULES["groups"] for rule in group["rules"])
    assert set(re.findall(r"(?<!:)\b(?:(?:catenary|envoy)_\w+|up)\b(?!:)", text)) - there == set()


def test_what_is_wrong_with_this_stack_is_about_to_fire_and_nothing_else(answers: Answers) -> None:
    found = {(sample["metric"]["alertname"], sample["metric"].get("job", "")) for sample in answers[FIRING]}
    assert found >= {("CatenaryModelBroken", "repository")}
    assert {alert for alert, _ in found} <= {"CatenaryModelBroken", "CatenaryErrors", "CatenaryErrorsLinger"}
