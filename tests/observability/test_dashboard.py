"""The dashboard is one that Grafana takes, of metrics that there are; `test_queries.py` runs what it asks."""

from __future__ import annotations

import re

from dashboard import DASHBOARD, PANELS

UNITS = {"reqps", "percentunit", "s", "Bps", "short", "rowsps", "cps", "wps", "bytes"}


def test_every_panel_says_what_it_shows_in_a_unit_and_where_it_comes_from() -> None:
    assert all(panel["title"] and panel["fieldConfig"]["defaults"]["unit"] in UNITS for panel in PANELS)
    assert all(panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"} for panel in PANELS)
    assert all(target["legendFormat"] for panel in PANELS for target in panel["targets"])


def test_panels_lie_on_the_grid_side_by_side_and_have_names_of_their_own() -> None:
    taken: dict[tuple[int, int], int] = {}
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        for cell in ((x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])):
            assert taken.setdefault(cell, panel["id"]) == panel["id"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_queries_use_the_variables_that_there_are() -> None:
    known = {variable["name"] for variable in DASHBOARD["templating"]["list"]} | {"__rate_interval"}
    used = {name for panel in PANELS for target in panel["targets"] for name in re.findall(r"\$(\w+)", target["expr"])}
    assert used == known - {"datasource"}
