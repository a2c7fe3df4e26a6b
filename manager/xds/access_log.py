"""The gateway's access log: a line for each request to a pipeline, and for every other that fails.

It goes to the standard output of the gateway's Envoy, in the form of that process's other lines, when the request has
ended, a stream too. What succeeds may be sampled; what fails, or whose client leaves, always has its line. A line
without `pipeline` is of a request to none. Health checks have no line: what comes of them, the
supervisor tells.
"""

from __future__ import annotations

from collections.abc import Mapping

from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog, AccessLogFilter
from envoy.config.core.v3 import base_pb2
from envoy.config.core.v3.substitution_format_string_pb2 import SubstitutionFormatString
from envoy.extensions.access_loggers.stream.v3 import stream_pb2
from google.protobuf.struct_pb2 import Struct

from catenary import names
from catenary.logs import LogFormat
from manager.xds.log_filters import all_of, any_of, failed, is_harmless, no_health_check, share, to_a_pipeline
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
_MESSAGE = ("method", "path", "status")
_IDS = ("request_id", "trace_id")


def access_log(form: LogFormat, process: str, percent: float, *, traced: bool) -> list[AccessLog]:
    """The loggers of a gateway's Envoy that is called `process` on its lines; `percent` of what succeeds is logged.

    Envoy writes a header as it is, into JSON but for what JSON forbids: a client could write members of its own into
    text, and what ends a line or steers a terminal into both. A request with words of more than printable ASCII
    without blanks has a line without them.
    """
    served = all_of(to_a_pipeline(), share(percent, "catenary.access_log_percent"))
    wanted = any_of(all_of(failed(), no_health_check()), served)
    harmless = all_of(*map(is_harmless, _CLIENTS_HEADERS))
    harmful = any_of(*(is_harmless(name, inverted=True) for name in _CLIENTS_HEADERS))
    outcome = _OUTCOME | {"trace_id": "%TRACE_ID%" if traced else "%RESP(X-TRACE-ID)%"}
    return [
        _logger(_line(form, process, outcome | _CLIENTS_WORDS), all_of(wanted, harmless)),
        _logger(_line(form, process, outcome), all_of(wanted, harmful)),
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
