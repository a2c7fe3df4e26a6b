"""Conditions on a request that has been answered, or not: what Envoy calls access log filters.

The access log has them, and Envoy's own answers, which take their form by them.
"""

from __future__ import annotations

from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.config.accesslog.v3.accesslog_pb2 import AccessLogFilter
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3.route_components_pb2 import HeaderMatcher
from envoy.extensions.access_loggers.filters.cel.v3 import cel_pb2
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from envoy.type.v3 import percent_pb2

from catenary import names
from manager.xds.resource import packed

_HARMLESS = "[!-~]*"
_GRPC = rf"{names.GRPC_TYPE}(\+.*)?"
"""What Envoy takes for gRPC's content types."""


def all_of(*filters: AccessLogFilter) -> AccessLogFilter:
    """At least two."""
    return AccessLogFilter(and_filter=accesslog_pb2.AndFilter(filters=filters))


def any_of(*filters: AccessLogFilter) -> AccessLogFilter:
    """At least two."""
    return AccessLogFilter(or_filter=accesslog_pb2.OrFilter(filters=filters))


def status_from(status: int) -> AccessLogFilter:
    """That status of HTTP's, or a greater one."""
    return _status(accesslog_pb2.ComparisonFilter.GE, status)


def status_is(status: int) -> AccessLogFilter:
    return _status(accesslog_pb2.ComparisonFilter.EQ, status)


def details_are(details: str) -> AccessLogFilter:
    """Local replies whose response code details are `details`."""
    expression = cel_pb2.ExpressionFilter(expression=f"response.code_details == '{details}'")
    return AccessLogFilter(
        extension_filter=accesslog_pb2.ExtensionFilter(
            name="envoy.access_loggers.extension_filters.cel", typed_config=packed(expression)
        )
    )


def has_a_flag() -> AccessLogFilter:
    """Envoy ended it, or its client did."""
    return AccessLogFilter(response_flag_filter=accesslog_pb2.ResponseFlagFilter())


def has_header(name: str) -> AccessLogFilter:
    return _header(HeaderMatcher(name=name, present_match=True))


def has_header_like(name: str, pattern: str) -> AccessLogFilter:
    """The header is there, and `pattern`, a regular expression, is all of it."""
    return _header(HeaderMatcher(name=name, string_match=_regex(pattern)))


def is_harmless(name: str, *, inverted: bool = False) -> AccessLogFilter:
    """The header, empty where there is none, is printable ASCII without blanks; `inverted`: it is not."""
    return _header(
        HeaderMatcher(
            name=name, string_match=_regex(_HARMLESS), treat_missing_header_as_empty=True, invert_match=inverted
        )
    )


def path_is_not(path: str) -> AccessLogFilter:
    """As it is after a route has rewritten it."""
    exact = string_pb2.StringMatcher(exact=path)
    return _header(
        HeaderMatcher(name=":path", string_match=exact, treat_missing_header_as_empty=True, invert_match=True)
    )


def from_grpc_client() -> AccessLogFilter:
    return _header(HeaderMatcher(name="content-type", string_match=_regex(_GRPC)))


def failed_call() -> AccessLogFilter:
    """A gRPC client's, whose status is another than OK."""
    not_ok = accesslog_pb2.GrpcStatusFilter(statuses=[accesslog_pb2.GrpcStatusFilter.OK], exclude=True)
    # For what is no gRPC it takes a status from HTTP's, and none is OK.
    return all_of(from_grpc_client(), AccessLogFilter(grpc_status_filter=not_ok))


def failed() -> AccessLogFilter:
    """It may have begun to answer well, or have no status at all."""
    return any_of(status_from(400), has_a_flag(), failed_call())


def to_a_pipeline() -> AccessLogFilter:
    """Of all routes only a pipeline's rewrites the path; gRPC that the gateway's app answers has always failed."""
    return any_of(has_header("x-envoy-original-path"), from_grpc_client())


def no_health_check() -> AccessLogFilter:
    return any_of(to_a_pipeline(), path_is_not(names.HEALTH_PATH))


def share(percent: float, key: str) -> AccessLogFilter:
    """So many of all, by a lot of its own: by the request's id, which is Envoy's way, a client could choose."""
    sampled = percent_pb2.FractionalPercent(
        numerator=round(percent * 10_000), denominator=percent_pb2.FractionalPercent.MILLION
    )
    return AccessLogFilter(
        runtime_filter=accesslog_pb2.RuntimeFilter(
            runtime_key=key, percent_sampled=sampled, use_independent_randomness=True
        )
    )


def _status(op: accesslog_pb2.ComparisonFilter.Op, status: int) -> AccessLogFilter:
    value = base_pb2.RuntimeUInt32(default_value=status, runtime_key=f"catenary.status_{status}")
    comparison = accesslog_pb2.ComparisonFilter(op=op, value=value)
    return AccessLogFilter(status_code_filter=accesslog_pb2.StatusCodeFilter(comparison=comparison))


def _regex(expression: str) -> string_pb2.StringMatcher:
    return string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=expression))


def _header(matcher: HeaderMatcher) -> AccessLogFilter:
    return AccessLogFilter(header_filter=accesslog_pb2.HeaderFilter(header=matcher))
