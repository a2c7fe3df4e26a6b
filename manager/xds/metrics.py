"""What Envoys count: every request at a gateway's edge and at a sidecar's front, whatever share of them is logged.

By Envoy's stats access logger, so that a step that knows nothing of Catenary is counted as well. What stands in a label
is a pipeline's, a step's or a status; all the same each Envoy keeps `MAX_COUNTERS` and `MAX_HISTOGRAMS` at most, and
forgets what has not changed for long (`catenary.sidecar.bootstrap`).
"""

from __future__ import annotations

from typing import Any

from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog, AccessLogFilter
from google.protobuf.struct_pb2 import Struct
from xds.type.v3.typed_struct_pb2 import TypedStruct

from catenary import envoy_stats, names
from catenary.grpc_status import GrpcStatus
from catenary.node import Node
from manager.xds.log_filters import all_of, failed, has_header_like, no_health_check
from manager.xds.resource import packed

MAX_COUNTERS = 200_000
MAX_HISTOGRAMS = 20_000

# What breaks off has none.
_DURATION_US = "%COMMON_DURATION(DS_RX_BEG:DS_TX_END:us)%"
_CODE = {"code": "%RESPONSE_CODE%"}

# In CEL: what the chain filter has noted of a failure, and of a call whose answer it does not see.
_NOTES = "metadata.filter_metadata['catenary']"
_HAS_NOTES = "'catenary' in metadata.filter_metadata"
_IS_NOTED = f"{_HAS_NOTES} && 'failure' in {_NOTES}"
_HAS_STEP = f"'{names.STEP}' in request.headers"
_CLIENT_LEFT = "response.code_details.startsWith('downstream_') || response.code_details == 'http2.remote_reset'"
_IN_THE_LAST_STEP = f"{_HAS_STEP} && response.code < 400 && !({_CLIENT_LEFT})"

# A status of gRPC's that says: the caller is wrong.
_REFUSALS = (
    GrpcStatus.INVALID_ARGUMENT,
    GrpcStatus.NOT_FOUND,
    GrpcStatus.ALREADY_EXISTS,
    GrpcStatus.PERMISSION_DENIED,
    GrpcStatus.FAILED_PRECONDITION,
    GrpcStatus.OUT_OF_RANGE,
    GrpcStatus.UNIMPLEMENTED,
    GrpcStatus.UNAUTHENTICATED,
)

# What a failure is: the first condition that holds.
_KINDS = (
    (_IS_NOTED, f"{_NOTES}['failure']['kind']"),
    (f"!has(response.code) || response.code < 400 && ({_CLIENT_LEFT})", "'client_gone'"),
    ("response.code_details in ['local_rate_limited', 'reached_concurrency_limit']", "'limited'"),
    ("response.code_details in ['max_duration_timeout', 'stream_idle_timeout', 'response_timeout']", "'timeout'"),
    ("response.code == 504", "'timeout'"),
    ("response.code == 500", "'fault'"),
    ("response.code > 500", "'unreachable'"),
    (f"response.code >= 400 || !({_HAS_STEP})", "'client'"),
    ("response.code_details != 'via_upstream'", "'unreachable'"),
    # A gRPC server's answer, whose status is in trailers: no filter sees those.
    (f"response.grpc_status == {GrpcStatus.RESOURCE_EXHAUSTED:d}", "'overloaded'"),
    (f"response.grpc_status == {GrpcStatus.DEADLINE_EXCEEDED:d}", "'timeout'"),
    (f"response.grpc_status in {[int(status) for status in _REFUSALS]}", "'rejected'"),
    ("true", "'failed'"),
)


def _first_of(*cases: tuple[str, str]) -> str:
    """The value that stands beside the first condition that holds; an empty text where none does."""
    return "(" + "".join(f"{holds} ? {value} : " for holds, value in cases) + "'')"


def _of_step(name: str, otherwise: str) -> str:
    """What is noted of the failing step, or what is known of the last one, if that is to blame."""
    noted = _first_of((f"'{name}' in {_NOTES}['failure']", f"{_NOTES}['failure']['{name}']"))
    return f"%CEL{_first_of((_IS_NOTED, noted), (_IN_THE_LAST_STEP, otherwise))}%"


_FAILURE = {
    "step": _of_step("step", f"request.headers['{names.STEP}']"),
    "service": _of_step("service", "xds.cluster_name"),
    "model": _of_step("model", _first_of((_HAS_NOTES, f"{_NOTES}['model']"), ("true", "request.url_path"))),
    "kind": f"%CEL{_first_of(*_KINDS)}%",
}


def edge_metrics() -> list[AccessLog]:
    """Of all requests but health checks, and of those that failed."""
    pipeline = {"pipeline": "%ROUTE_NAME%"}
    counters = [
        _counter(envoy_stats.GATEWAY_REQUESTS, pipeline | _CODE),
        _counter(envoy_stats.GATEWAY_REQUEST_BYTES, pipeline, "%BYTES_RECEIVED%"),
        _counter(envoy_stats.GATEWAY_RESPONSE_BYTES, pipeline, "%BYTES_SENT%"),
    ]
    durations = [_us(envoy_stats.GATEWAY_DURATION_US, pipeline)]
    failures = [_counter(envoy_stats.GATEWAY_FAILURES, pipeline | _FAILURE)]
    return [
        _logger(no_health_check(), counters=counters, histograms=durations),
        _logger(all_of(failed(), no_health_check()), counters=failures),
    ]


def step_metrics(node: Node) -> list[AccessLog]:
    """Of all requests that a chain makes. The path of a gRPC call is any method that a client has named: no model."""
    of_a_chain = all_of(
        # Lengths are the labels' business: Envoy takes no long expression.
        has_header_like(names.PIPELINE, "[A-Za-z0-9._-]+"),
        has_header_like(names.STEP, "[1-9][0-9]?"),
        has_header_like(":path", r"/[A-Za-z0-9._:/-]+(\?.*)?"),
    )
    step = {
        "pipeline": f"%REQ({names.PIPELINE}):128%",
        "step": f"%REQ({names.STEP})%",
    }
    if node.app_protocol == "http":
        step["model"] = "%PATH(NQ:PATH):512%"
    requests = [_counter(envoy_stats.STEP_REQUESTS, step | _CODE)]
    return [_logger(of_a_chain, counters=requests, histograms=[_us(envoy_stats.STEP_DURATION_US, step)])]


def _counter(name: str, labels: dict[str, str], amount: str = "") -> dict[str, Any]:
    """Counts `amount`, a command operator's, or one."""
    return {"stat": _stat(name, labels), **({"value_format": amount} if amount else {"value_fixed": 1})}


def _us(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"stat": _stat(name, labels), "unit": "Microseconds", "value_format": _DURATION_US}


def _stat(name: str, labels: dict[str, str]) -> dict[str, Any]:
    return {"name": name, "tags": [{"name": label, "value_format": value} for label, value in labels.items()]}


def _logger(which: AccessLogFilter, **stats: list[dict[str, Any]]) -> AccessLog:
    # As JSON: the messages that Python has lack the scope and its limits.
    config = Struct()
    config.update(
        {
            "stats_scope": {
                "prefix": envoy_stats.PREFIX,
                # One for all loggers, and for a listener and the one that takes its place.
                "sharing_name": envoy_stats.PREFIX,
                "max_counters": MAX_COUNTERS,
                "max_histograms": MAX_HISTOGRAMS,
                "enable_eviction": True,
            },
            **stats,
        }
    )
    kind = "type.googleapis.com/envoy.extensions.access_loggers.stats.v3.Config"
    typed = TypedStruct(type_url=kind, value=config)
    return AccessLog(name="envoy.access_loggers.stats", filter=which, typed_config=packed(typed))
