"""An Envoy's text becomes Catenary's: names, helps and seconds of what it counts for Catenary, and nothing else."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from catenary.sidecar.exposition import exported, gauge

ENVOY = b"""# TYPE envoy_catenary_gateway_requests_total counter
envoy_catenary_gateway_requests_total{pipeline="",code="404"} 2
envoy_catenary_gateway_requests_total{pipeline="a.b",code="200"} 7
# TYPE envoy_catenary_step_requests_total counter
envoy_catenary_step_requests_total{pipeline="p",step="2",model="/v1/m:now",code="200"} 3
# TYPE envoy_cluster_upstream_rq_retry counter
envoy_cluster_upstream_rq_retry{envoy_cluster_name="serving-a"} 5
envoy_cluster_upstream_rq_retry{envoy_cluster_name="_app"} 0
# TYPE envoy_cluster_upstream_rq_retry_success counter
envoy_cluster_upstream_rq_retry_success{envoy_cluster_name="serving-a"} 4
# TYPE envoy_server_live gauge
envoy_server_live{} 1
# TYPE envoy_catenary_gateway_request_duration_us histogram
envoy_catenary_gateway_request_duration_us_bucket{pipeline="a.b",le="500"} 1
envoy_catenary_gateway_request_duration_us_bucket{pipeline="a.b",le="60000000"} 7
envoy_catenary_gateway_request_duration_us_bucket{pipeline="a.b",le="+Inf"} 7
envoy_catenary_gateway_request_duration_us_sum{pipeline="a.b"} 1548387.0967741936510719824582338
envoy_catenary_gateway_request_duration_us_count{pipeline="a.b"} 7
# TYPE envoy_http_downstream_rq_time histogram
envoy_http_downstream_rq_time_bucket{le="500"} 1
envoy_http_downstream_rq_time_bucket{le="+Inf"} 1
envoy_http_downstream_rq_time_sum{} 3
envoy_http_downstream_rq_time_count{} 1
"""


def samples(text: bytes) -> dict[str, float]:
    """By what stands before the value, of a text that has to be Prometheus's."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text.decode()):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sample.labels.items())
            found[f"{sample.name} {labels}".strip()] = sample.value
    return found


def test_counters_lose_envoys_prefix_and_models_the_slash_of_their_path() -> None:
    found = samples(exported(ENVOY, gateway=True))
    assert found["catenary_gateway_requests_total pipeline=,code=404"] == 2
    assert found["catenary_gateway_requests_total pipeline=a.b,code=200"] == 7
    assert found["catenary_step_requests_total pipeline=p,step=2,model=v1/m:now,code=200"] == 3
    assert not [name for name in found if "envoy_catenary" in name]


def test_durations_are_seconds() -> None:
    found = samples(exported(ENVOY, gateway=True))
    name = "catenary_gateway_request_duration_seconds"
    assert found[f"{name}_bucket pipeline=a.b,le=0.0005"] == 1
    assert found[f"{name}_bucket pipeline=a.b,le=60"] == 7
    assert found[f"{name}_bucket pipeline=a.b,le=+Inf"] == 7
    assert found[f"{name}_sum pipeline=a.b"] == 1.5483871
    assert found[f"{name}_count pipeline=a.b"] == 7


def test_what_is_envoys_own_stays_to_the_byte() -> None:
    lines = exported(ENVOY, gateway=True).splitlines()
    theirs = [line for line in ENVOY.splitlines() if b"envoy_catenary" not in line]
    assert [line for line in lines if b"catenary" not in line] == theirs


def test_a_gateways_retries_are_told_by_service() -> None:
    found = samples(exported(ENVOY, gateway=True))
    assert found["catenary_gateway_retries_total service=serving-a"] == 5
    assert found["envoy_cluster_upstream_rq_retry_total envoy_cluster_name=serving-a"] == 5
    assert "service=_app" not in " ".join(found)
    assert "gateway_retries" not in " ".join(samples(exported(ENVOY, gateway=False)))


def test_no_family_stands_twice_and_each_of_catenarys_has_a_help() -> None:
    lines = exported(ENVOY, gateway=True).decode().splitlines()
    typed = [line.split()[2] for line in lines if line.startswith("# TYPE ")]
    assert len(typed) == len(set(typed))
    helped = [line.split()[2] for line in lines if line.startswith("# HELP ") and line.split()[3:]]
    assert helped == [name for name in typed if name.startswith("catenary")]


def test_gauges_of_the_supervisors_own() -> None:
    text = gauge("catenary_x", "Whether.", {"": 1.0}) + gauge("catenary_y", "Which.", {'part="a"': 0.0})
    assert samples(text) == {"catenary_x": 1, "catenary_y part=a": 0}
