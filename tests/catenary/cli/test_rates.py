"""Rates and quantiles are Prometheus's, which judges itself by its own tool."""

from __future__ import annotations

import bisect
import json
import math
import random
import subprocess
from pathlib import Path

import fetched
import pytest
from hypothesis import given
from hypothesis import strategies as st
from servers import or_skip

from catenary.cli.rates import Reading, Series, quantile, rates, read_metrics
from catenary.errors import ServingError

BOUNDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]


def buckets_of(values: list[float]) -> dict[float, float]:
    return {bound: float(sum(value <= bound for value in values)) for bound in [*BOUNDS, math.inf]}


@given(st.lists(st.floats(0, 5), min_size=1, max_size=50), st.floats(0.01, 1))
def test_a_quantile_lies_in_the_bucket_that_holds_it(values: list[float], q: float) -> None:
    found = quantile(q, buckets_of(values))
    # The smallest value that at least a share q is not above.
    true = sorted(values)[math.ceil(q * len(values) - 1e-9) - 1]
    at = bisect.bisect_left(BOUNDS, true)
    assert found is not None
    assert (0.0 if at == 0 else BOUNDS[at - 1]) <= found <= BOUNDS[at] + 1e-12


@given(st.lists(st.floats(0, 9), min_size=1, max_size=50))
def test_a_quantile_grows_with_its_share(values: list[float]) -> None:
    found = [quantile(q / 20, buckets_of(values)) for q in range(1, 21)]
    assert found == sorted(found, key=lambda value: value or 0.0)


def test_what_is_beyond_the_last_bound_is_that_bound_and_nothing_is_no_number() -> None:
    assert quantile(0.5, buckets_of([7.0])) == 5.0
    assert quantile(0.5, buckets_of([])) is None
    assert quantile(0.5, {math.inf: 3.0}) is None
    assert quantile(0.5, {}) is None
    assert quantile(0.5, {1.0: 3.0}) is None
    assert quantile(0.5, {1.0: math.nan, math.inf: math.nan}) is None


def test_quantiles_are_what_prometheus_computes(tmp_path: Path) -> None:
    promtool = or_skip(lambda: fetched.prometheus(with_consul=False)) / "promtool"
    chance = random.Random(7)
    series, checks = [], []
    for number in range(60):
        q = chance.choice([0.01, 0.5, 0.9, 0.99, 1.0])
        buckets = buckets_of([chance.expovariate(3) for _ in range(chance.randrange(1, 40))])
        if number % 3 == 0:
            # A bucket with less than the one below it, as sums of rates may have by a hair's breadth.
            buckets[0.5] = max(buckets[0.1] - 1.0, 0.0)
        for bound, count in buckets.items():
            le = "+Inf" if bound == math.inf else str(bound)
            series.append({"series": f'h_bucket{{n="{number}", le="{le}"}}', "values": str(count)})
        labels = f'{{n="{number}"}}'
        found = {"labels": labels, "value": quantile(q, buckets)}
        checks.append({"expr": f"histogram_quantile({q}, h_bucket{labels})", "eval_time": "0", "exp_samples": [found]})
    # JSON is YAML.
    file = tmp_path / "test.yml"
    file.write_text(json.dumps({"tests": [{"input_series": series, "promql_expr_test": checks}]}))
    said = subprocess.run([promtool, "test", "rules", file], capture_output=True, text=True, check=False)
    assert said.returncode == 0, said.stdout + said.stderr


REQUESTS = "catenary_gateway_requests_total"


def reading(time_s: float, **counts: float) -> Reading:
    return Reading(time_s, {Series(REQUESTS, (("pipeline", name),)): count for name, count in counts.items()})


@given(st.floats(0, 1e9), st.floats(0, 1e6), st.floats(0.1, 60))
def test_a_counter_grows_by_what_was_counted_over_the_time_between(was: float, more: float, elapsed_s: float) -> None:
    [(_, found)] = rates(reading(5, a=was), reading(5 + elapsed_s, a=was + more)).items()
    assert found == pytest.approx(more / elapsed_s, rel=1e-3, abs=1e-3)


@given(st.floats(0, 1e9), st.floats(0, 1e9))
def test_no_rate_is_negative_and_a_process_that_began_anew_counts_from_zero(was: float, now: float) -> None:
    [(_, found)] = rates(reading(5, a=was), reading(7, a=now)).items()
    assert found == (now / 2 if now < was else (now - was) / 2)


def test_a_series_that_is_new_in_a_process_that_is_not_counts_from_zero() -> None:
    assert {series.get("pipeline"): rate for series, rate in rates(reading(0, a=1), reading(2, a=3, b=4)).items()} == {
        "a": 1.0,
        "b": 2.0,
    }


def test_only_what_is_asked_for_is_read_and_labels_are_what_they_say() -> None:
    text = (
        "# HELP other what it is\n# TYPE other counter\nother 1\n"
        f"# TYPE {REQUESTS} counter\n"
        f'{REQUESTS}{{pipeline="a \\"b\\"",code="200"}} 3\n'
        'catenary_step_duration_seconds_bucket{step="1",le="+Inf"} 4\n'
    )
    found = read_metrics(text, 1.0, ("catenary_gateway_", "catenary_step_")).counters
    assert found == {
        Series(REQUESTS, (("code", "200"), ("pipeline", 'a "b"'))): 3.0,
        Series("catenary_step_duration_seconds_bucket", (("le", "+Inf"), ("step", "1"))): 4.0,
    }
    assert next(iter(found)).get("none") == ""


@pytest.mark.parametrize("labels", ["{pipeline=", '{le="many"}'])
def test_what_is_no_metrics_is_an_error_that_says_so(labels: str) -> None:
    with pytest.raises(ServingError, match="not in Prometheus's text format"):
        read_metrics(f"catenary_gateway_requests_total{labels} 3\n", 0.0, ("catenary_",))
