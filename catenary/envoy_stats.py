"""What Envoys count for Catenary: the manager tells them to, the supervisor of each exports it to Prometheus.

Their durations are in µs, of which Prometheus's seconds are made on the way.
"""

from __future__ import annotations

from typing import Final

PREFIX: Final = "catenary"
"""Stands before the name of each in Envoy, with a dot."""

GATEWAY_REQUESTS: Final = "gateway_requests_total"
GATEWAY_DURATION_US: Final = "gateway_request_duration_us"
GATEWAY_REQUEST_BYTES: Final = "gateway_request_bytes_total"
GATEWAY_RESPONSE_BYTES: Final = "gateway_response_bytes_total"
GATEWAY_FAILURES: Final = "gateway_failures_total"
STEP_REQUESTS: Final = "step_requests_total"
STEP_DURATION_US: Final = "step_duration_us"

HELP: Final = {
    GATEWAY_REQUESTS: "Requests that have ended, by pipeline and status; 0: the client left before there was one.",
    GATEWAY_DURATION_US: "From the first byte of a request to the last of its answer.",
    GATEWAY_REQUEST_BYTES: "Bytes of the bodies that clients sent.",
    GATEWAY_RESPONSE_BYTES: "Bytes of the bodies that clients were sent.",
    GATEWAY_FAILURES: "Requests that failed, by what the failure is and the step that is to blame.",
    STEP_REQUESTS: "Requests of pipelines to this instance, by status; 0: the gateway gave up before there was one.",
    STEP_DURATION_US: "From the first byte of a step's request to the last of its answer.",
}

BUCKETS_US: Final = tuple(
    round(seconds * 1e6)
    for seconds in (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
)
"""The upper bounds of every histogram's buckets."""
