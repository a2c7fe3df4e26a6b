"""The gateway's access log: a line for each request to a pipeline, and for every other that fails.

It goes to the standard output of the gateway's Envoy, in the form of that process's other lines, when the request has
ended, a stream too. What succeeds may be sampled; what fails, or whose client leaves, always has its line. A line
without `pipeline` is of a request to none; what the gateway's app serves, which is health checks, has no line.
"""

from __future__ import annotations

from collections.abc import Mapping

from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog, AccessLogFilter
from envoy.config.core.v3 import base_pb2
from envoy.config.core.v3.substitution_format_string_pb2 import SubstitutionFormatString
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.access_loggers.stream.v3 import stream_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf.struct_pb2 import Struct

from catenary import names
from catenary.logs import LogFormat
from manager.xds.resource import packed

_TIME = "%EMIT_TIME(%Y-%m-%dT%H:%M:%S.%3fZ)%"
_OUTCOME = {
    "status": "%RESPONSE_CODE%",
    "pipeline": "%ROUTE_NAME%",
    "duration_ms": "%DURATION%",
    "request_bytes": "%BYTES_RECEIVED%",
    "response_bytes": "%BYTES_SENT%",
    "client": "%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%",
    "grpc_status": "%GRPC_STATUS%",
    "flags": "%RESPONSE_FLAGS%",
    "details": "%RESPONSE_CODE_DETAILS%",
    "timing": "%RESP(SERVER-TIMING)%",
    # What the chain filter says of a failure: an object, which is JSON in a line of text too.
    "failure": "%DYNAMIC_METADATA(catenary:failure)%",
}
_CLIENTS_WORDS = {
    "method": "%REQ(:METHOD):16%",
    # As it came, before a pipeline's route rewrote it, and without its query, which may hold a secret.
    "path": "%PATH(NQ:ORIG_OR_PATH):512%",
    "request_id": "%REQ(X-REQUEST-ID):128%",
}
_CLIENTS_HEADERS = (":method", ":path", names.REQUEST_ID)
"""Where those words come from."""
_HARMLESS = "[!-~]*"
_MESSAGE = ("method", "path", "status")
_IDS = ("request_id", "trace_id")


def access_log(form: LogFormat, process: str, percent: float, *, traced: bool) -> list[AccessLog]:
    """The loggers of a gateway's Envoy that is called `process` on its lines; `percent` of what succeeds is logged.

    Envoy writes a header into text as it is, so that a client could write members or whole lines of its own, and into JSON
    with bytes that make it none: a request with words of more than printable ASCII without blanks has a line without
    them.
    """
    wanted = _any_of(_failed(), _all_of(_to_a_pipeline(), _sampled(percent)))
    outcome = _OUTCOME | {"trace_id": "%TRACE_ID%" if traced else "%RESP(X-TRACE-ID)%"}
    harmless = _all_of(*(_header(name, regex=_HARMLESS) for name in _CLIENTS_HEADERS))
    harmful = _any_of(*(_header(name, regex=_HARMLESS, but=True) for name in _CLIENTS_HEADERS))
    return [
        _logger(_line(form, process, outcome | _CLIENTS_WORDS), _all_of(harmless, wanted)),
        _logger(_line(form, process, outcome), _all_of(harmful, wanted)),
    ]


def _line(form: LogFormat, process: str, fields: Mapping[str, str]) -> SubstitutionFormatString:
    """As `catenary.logs` writes its lines."""
    if form == "json":
        members = Struct()
        members.update({"time": _TIME, "level": "info", "process": process, "logger": "access", **fields})
        return SubstitutionFormatString(json_format=members, omit_empty_values=True)
    message = " ".join(fields.get(name, "-") for name in _MESSAGE)
    # The ids stand last, as on all lines.
    told = [*(name for name in fields if name not in (*_MESSAGE, *_IDS)), *_IDS]
    line = f"{_TIME} INFO    {process}: {message}" + "".join(f" {name}={fields.get(name, '-')}" for name in told)
    return SubstitutionFormatString(text_format_source=base_pb2.DataSource(inline_string=line + "\n"))


def _logger(line: SubstitutionFormatString, which: AccessLogFilter) -> AccessLog:
    config = stream_pb2.StdoutAccessLog(log_format=line)
    return AccessLog(name="envoy.access_loggers.stdout", filter=which, typed_config=packed(config))


def _failed() -> AccessLogFilter:
    """By its status, by gRPC's, or, for it may have begun to answer, by a flag of Envoy's."""
    status = base_pb2.RuntimeUInt32(default_value=400, runtime_key="catenary.access_log_status")
    at_least = accesslog_pb2.ComparisonFilter(op=accesslog_pb2.ComparisonFilter.GE, value=status)
    not_ok = accesslog_pb2.GrpcStatusFilter(statuses=[accesslog_pb2.GrpcStatusFilter.OK], exclude=True)
    return _any_of(
        AccessLogFilter(status_code_filter=accesslog_pb2.StatusCodeFilter(comparison=at_least)),
        AccessLogFilter(response_flag_filter=accesslog_pb2.ResponseFlagFilter()),
        # Of what is no gRPC it would guess a status, and none is OK.
        _all_of(_is_grpc(), AccessLogFilter(grpc_status_filter=not_ok)),
    )


def _to_a_pipeline() -> AccessLogFilter:
    """Only a pipeline's route rewrites the path; gRPC that the gateway's app answers has always failed."""
    return _any_of(_header("x-envoy-original-path"), _is_grpc())


def _sampled(percent: float) -> AccessLogFilter:
    """By a lot of its own: by the request's id a client could choose."""
    share = percent_pb2.FractionalPercent(
        numerator=round(percent * 10_000), denominator=percent_pb2.FractionalPercent.MILLION
    )
    return AccessLogFilter(
        runtime_filter=accesslog_pb2.RuntimeFilter(
            runtime_key="catenary.access_log_percent", percent_sampled=share, use_independent_randomness=True
        )
    )


def _is_grpc() -> AccessLogFilter:
    kind = route_components_pb2.HeaderMatcher(
        name="content-type", string_match=string_pb2.StringMatcher(prefix=names.GRPC_TYPE)
    )
    return AccessLogFilter(header_filter=accesslog_pb2.HeaderFilter(header=kind))


def _header(name: str, *, regex: str | None = None, but: bool = False) -> AccessLogFilter:
    """Requests that have the header; or whose header, empty where there is none, matches, or `but` does not."""
    if regex is None:
        matcher = route_components_pb2.HeaderMatcher(name=name, present_match=True)
    else:
        matcher = route_components_pb2.HeaderMatcher(
            name=name,
            string_match=string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=regex)),
            treat_missing_header_as_empty=True,
            invert_match=but,
        )
    return AccessLogFilter(header_filter=accesslog_pb2.HeaderFilter(header=matcher))


def _all_of(*filters: AccessLogFilter) -> AccessLogFilter:
    return AccessLogFilter(and_filter=accesslog_pb2.AndFilter(filters=filters))


def _any_of(*filters: AccessLogFilter) -> AccessLogFilter:
    return AccessLogFilter(or_filter=accesslog_pb2.OrFilter(filters=filters))
