"""Each alert fires when it must and is silent otherwise: promtool judges the cases of `alerts.yml` beside this file."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import fetched
import pytest
import yaml
from servers import or_skip

CHECKOUT = Path(__file__).resolve().parents[2]
CASES = Path(__file__).with_name("alerts.yml")
RULES = CHECKOUT / "observability" / "alerts.yml"
PAGE = CHECKOUT / "docs" / "observability.md"
ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"] if "alert" in rule]


def promtool(*words: str | Path, with_consul: bool = False) -> None:
    program = or_skip(lambda: fetched.prometheus(with_consul=with_consul)) / "promtool"
    said = subprocess.run([program, *words], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


def test_the_rules_are_rules() -> None:
    promtool("check", "rules", RULES)


def test_the_configuration_for_consul_is_one() -> None:
    promtool("check", "config", CHECKOUT / "observability" / "prometheus.yml", with_consul=True)


def test_every_alert_fires_in_its_cases_and_in_no_others() -> None:
    promtool("test", "rules", CASES)


@pytest.mark.parametrize("fires", [True, False])
def test_every_alert_has_a_case_where_it_fires_and_one_where_it_does_not(fires: bool) -> None:
    cases = [case for test in yaml.safe_load(CASES.read_text())["tests"] for case in test["alert_rule_test"]]
    assert {alert["alert"] for alert in ALERTS} - {
        c["alertname"] for c in cases if bool(c["exp_alerts"]) == fires
    } == set()


def test_the_documentations_example_is_a_rule(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(groups:.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    (tmp_path / "rules.yml").write_text(example)
    promtool("check", "rules", tmp_path / "rules.yml")


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])
def test_an_alert_says_how_bad_it_is_what_it_means_and_where_its_remedy_is(alert: dict[str, Any]) -> None:
    assert alert["labels"]["severity"] in ("critical", "warning", "info")
    assert {"summary", "description", "runbook_url"} == alert["annotations"].keys()
    page, _, anchor = alert["annotations"]["runbook_url"].partition("#")
    assert page.endswith("/main/docs/observability.md")
    headings = re.findall(r"^#+ (.+)$", PAGE.read_text(), re.MULTILINE)
    assert anchor in {heading.lower().replace(" ", "-") for heading in headings}
