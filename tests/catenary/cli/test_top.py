"""What is drawn fits the terminal, and says what is not there."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from rich.console import Console

from catenary.cli.mesh_reader import View
from catenary.cli.top import drawn
from catenary.cli.traffic import PipelineTraffic, StepTraffic, Traffic


def pipeline(name: str, per_s: float) -> PipelineTraffic:
    traffic = Traffic(codes=defaultdict(float, {"200": per_s}), failures=defaultdict(float, {"timeout": per_s / 4}))
    step = StepTraffic("serving-a-service-with-quite-a-long-name", "model", traffic, 0.0, 2)
    return PipelineTraffic(name, "ready", traffic, (step, step))


def lines(view: View, width: int, height: float = float("inf")) -> list[str]:
    screen = Console(width=width, height=200, color_system=None)
    with screen.capture() as capture:
        screen.print(drawn(view, width, height))
    return capture.get().splitlines()


@pytest.mark.parametrize("height", [12, 24, 50])
@pytest.mark.parametrize("width", [60, 80, 200])
@pytest.mark.parametrize("silent", [0, 2, 9])
def test_a_thousand_pipelines_fit_any_terminal_the_busiest_first(width: int, height: int, silent: int) -> None:
    view = View(2.0, [pipeline(f"p{n}", 1000 - n) for n in range(1000)], {f"gateway-{n}": "…" for n in range(silent)})
    shown = lines(view, width, height)
    room = height - 5 - min(silent, 3) - (silent > 3)
    assert height - 3 < len(shown) <= height
    assert [line.split()[0] for line in shown if line.startswith(" p") and "req/s" not in line] == [
        f"p{n}" for n in range(room // 3)
    ]
    assert sum(f"1000 pipelines, {1000 - room // 3} of them not shown" in line for line in shown) == 1
    assert all(len(line) <= width for line in shown)


@pytest.mark.parametrize("width", [70, 80, 120])
def test_names_are_cut_where_it_is_narrow_and_figures_never(width: int) -> None:
    text = "\n".join(lines(View(2.0, [pipeline("p", 1234.0)], {}), width))
    assert "1,234" in text
    assert ("timeout 308/s" in text) == (width >= 100)
    assert "retries/s" in text


def test_without_a_terminal_all_are_shown() -> None:
    shown = lines(View(2.0, [pipeline(f"p{n}", 1000 - n) for n in range(100)], {}), 120)
    assert sum(" p" in line and "ready" in line for line in shown) == 100
    assert any("100 pipelines; 2.0 s" in line for line in shown)


def test_what_could_not_be_read_is_named_up_to_three() -> None:
    shown = lines(View(2.0, [], {f"gateway-{n}": "it is away" for n in range(5)}), 120)
    assert shown[-4:] == [*(f"gateway-{n} is not read: it is away" for n in range(3)), "2 more are not read"]


@pytest.mark.parametrize("interval", ["inf", "nan", "1e12", "0.5"])
def test_an_interval_that_nobody_waits_for_is_wrong_usage(run: Any, interval: str) -> None:
    result = run("top", "--once", "--interval", interval)
    assert result.exit_code == 2
    assert "--interval" in result.stderr
