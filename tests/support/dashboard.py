"""Grafana's dashboard, and what Grafana makes of its queries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FILE = Path(__file__).resolve().parents[2] / "observability" / "grafana" / "catenary.json"
DASHBOARD: dict[str, Any] = json.loads(FILE.read_text())
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]


def name_of(panel: dict[str, Any], target: dict[str, Any]) -> str:
    """What a query is called here: no two share it."""
    return f"{panel['id']} {panel['title']} {target['refId']}"


def queries(rate_interval: str) -> dict[str, str]:
    """All queries by name, as they are with `All` chosen for every variable."""
    chosen = {"pipeline": ".*", "service": ".*", "__rate_interval": rate_interval}
    found: dict[str, str] = {}
    for panel in PANELS:
        for target in panel["targets"]:
            expression: str = target["expr"]
            for name, value in chosen.items():
                expression = expression.replace(f"${name}", value)
            found[name_of(panel, target)] = expression
    return found
