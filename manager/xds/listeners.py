"""LDS: where an Envoy takes requests: the edge of a gateway, the front of a sidecar.

Every answer that an Envoy makes itself is a problem document, or to a gRPC client a status with a sentence, and says so
in a header.
"""

from __future__ import annotations

from collections.abc import Sequence

from envoy.config.accesslog.v3.accesslog_pb2 import AccessLog, AccessLogFilter
from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import (
    address_pb2,
    base_pb2,
    extension_pb2,
    protocol_pb2,
    substitution_format_string_pb2,
)
from envoy.config.listener.v3 import listener_components_pb2, listener_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.extensions.filters.http.router.v3 import router_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm
from envoy.extensions.http.early_header_mutation.header_mutation.v3 import header_mutation_pb2
from envoy.type.matcher.v3 import string_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value

from catenary import names
from catenary.grpc_status import STATUS_HEADER, GrpcStatus
from catenary.node import Node
from catenary.problem import TITLES
from manager.xds.access_log import access_log
from manager.xds.clusters import ADS, http2
from manager.xds.endpoints import envoy_address
from manager.xds.limits import limit_filters
from manager.xds.log_filters import all_of, details_are, from_grpc_client, has_header, status_from, status_is
from manager.xds.metrics import edge_metrics, step_metrics
from manager.xds.resource import Resource, packed, resource
from manager.xds.routes import EDGE, IDLE_TIMEOUT_S, LUA_FILTER, app_routes
from manager.xds.tracing import Zipkin, edge_tracing, sidecar_tracing, trace_id_filter

ANSWERED = "x-catenary-answered"
"""Set by the chain filter on a request that it answered with its own document."""

# Some of Envoy's own answers have no body, and a sentence has to say something.
_BY_ITSELF = "Envoy answers this itself (%RESPONSE_CODE_DETAILS%) %LOCAL_REPLY_BODY%"


def edge_listener(
    node: Node, chain_lua: str, client_timeout_s: float, zipkin: Zipkin | None = None, log_percent: float = 100
) -> Resource:
    """The gateway's front door, where the chain is executed.

    It waits `client_timeout_s` for a client: for a request to arrive whole, for an answer to be taken, for the next
    request. What lies between is the chain's time, which the route limits. Where the node wants an access log, it has
    `log_percent` of the requests that succeed.
    """
    client_timeout = Duration()
    client_timeout.FromMilliseconds(round(client_timeout_s * 1000))
    manager = _connection_manager(
        rds=hcm.Rds(config_source=ADS, route_config_name=EDGE),
        http_filters=[*limit_filters(), *([trace_id_filter()] if zipkin else []), _lua_filter(chain_lua), _router()],
        # Nobody outside is trusted with Envoy's own headers, loopback neither.
        internal_address_config=hcm.HttpConnectionManager.InternalAddressConfig(
            cidr_ranges=[address_pb2.CidrRange(address_prefix="255.255.255.255", prefix_len=UInt32Value(value=32))]
        ),
        early_header_mutation_extensions=[
            _strip(ANSWERED, names.BEGINS_LIKE, names.LOCAL_REPLY, names.STEP, names.TRACE_ID)
        ],
        use_remote_address=BoolValue(value=True),
        preserve_external_request_id=True,
        always_set_request_id_in_response=True,
        normalize_path=BoolValue(value=True),
        strip_any_host_port=True,
        stream_idle_timeout=Duration(seconds=IDLE_TIMEOUT_S),
        request_headers_timeout=Duration(seconds=10),
        request_timeout=client_timeout,
        stream_flush_timeout=client_timeout,
        http2_protocol_options=http2(max_streams=100),
        max_request_headers_kb=UInt32Value(value=60),
        common_http_protocol_options=protocol_pb2.HttpProtocolOptions(
            idle_timeout=client_timeout, max_headers_count=UInt32Value(value=100)
        ),
        local_reply_config=_local_replies(answered_by_filter=True),
        access_log=[*edge_metrics(), *_request_lines(node, log_percent, traced=zipkin is not None)],
        **(edge_tracing(zipkin) if zipkin else {}),
    )
    return _listener("edge", node, manager, frozenset({EDGE}))


def sidecar_listener(node: Node, zipkin: Zipkin | None = None) -> Resource:
    """The front of an app: what comes in goes to it."""
    manager = _connection_manager(
        route_config=app_routes(),
        http2_protocol_options=http2(),
        http_filters=[_router()],
        # The gateway is the edge: what it says of the client, of ids and of deadlines is passed on as it is.
        use_remote_address=BoolValue(value=False),
        generate_request_id=BoolValue(value=False),
        stream_idle_timeout=Duration(seconds=0),
        local_reply_config=_local_replies(answered_by_filter=False),
        access_log=step_metrics(node),
        **(sidecar_tracing(zipkin) if zipkin else {}),
    )
    return _listener("sidecar", node, manager, frozenset())


def _request_lines(node: Node, percent: float, *, traced: bool) -> list[AccessLog]:
    if node.access_log is None:
        return []
    return access_log(node.access_log, f"{node.service}/envoy", percent, traced=traced)


def _connection_manager(**fields: object) -> hcm.HttpConnectionManager:
    return hcm.HttpConnectionManager(
        stat_prefix="ingress",
        codec_type=hcm.HttpConnectionManager.AUTO,
        server_name="catenary",
        **fields,
    )


def _listener(name: str, node: Node, manager: hcm.HttpConnectionManager, refers: frozenset[str]) -> Resource:
    listener = listener_pb2.Listener(
        name=name,
        address=envoy_address(node.listen),
        per_connection_buffer_limit_bytes=UInt32Value(value=1 << 20),
        filter_chains=[
            listener_components_pb2.FilterChain(
                filters=[
                    listener_components_pb2.Filter(
                        name="envoy.filters.network.http_connection_manager", typed_config=packed(manager)
                    )
                ]
            )
        ],
    )
    return resource(name, listener, refers)


def _lua_filter(source: str) -> hcm.HttpFilter:
    lua = lua_pb2.Lua(default_source_code=base_pb2.DataSource(inline_string=source))
    return hcm.HttpFilter(name=LUA_FILTER, typed_config=packed(lua))


def _router() -> hcm.HttpFilter:
    return hcm.HttpFilter(name="envoy.filters.http.router", typed_config=packed(router_pb2.Router()))


def _local_replies(*, answered_by_filter: bool) -> hcm.LocalReplyConfig:
    marked = [_header(names.LOCAL_REPLY, "%RESPONSE_CODE_DETAILS%")]
    wrapped = hcm.ResponseMapper(
        filter=status_from(400),
        headers_to_add=marked,
        body_format_override=_document("envoy", "%RESPONSE_CODE_DETAILS%", _BY_ITSELF),
    )
    late = status_is(504)
    others = [
        _to_grpc_client(late, _BY_ITSELF, GrpcStatus.DEADLINE_EXCEEDED, marked),
        _to_grpc_client(wrapped.filter, _BY_ITSELF, None, marked),
        wrapped,
    ]
    if not answered_by_filter:
        return hcm.LocalReplyConfig(mappers=others)
    as_it_is = hcm.ResponseMapper(filter=has_header(ANSWERED), body_format_override=_text("%LOCAL_REPLY_BODY%"))
    rate_limited = _refusal(
        details_are("local_rate_limited"),
        "rate-limited",
        429,
        "the rate limit of pipeline '%ROUTE_NAME%' is reached; try again in %RESP(RETRY-AFTER)% s",
        GrpcStatus.RESOURCE_EXHAUSTED,
    )
    overloaded = _refusal(
        details_are("reached_concurrency_limit"),
        "overloaded",
        429,
        "pipeline '%ROUTE_NAME%' has as many requests under way as it may have; try again in 1 s",
        GrpcStatus.RESOURCE_EXHAUSTED,
        _header("retry-after", "1"),
    )
    over_time = _to_grpc_client(
        details_are("max_duration_timeout"),
        "pipeline '%ROUTE_NAME%' did not answer within the deadline of the call",
        GrpcStatus.DEADLINE_EXCEEDED,
    )
    slow = _refusal(
        status_is(408),
        "request-timeout",
        408,
        "the request took longer to arrive than a client may take",
        GrpcStatus.DEADLINE_EXCEEDED,
    )
    return hcm.LocalReplyConfig(mappers=[as_it_is, *rate_limited, *overloaded, over_time, *slow, *others])


def _refusal(
    which: AccessLogFilter,
    kind: str,
    status: int,
    sentence: str,
    grpc_status: GrpcStatus,
    *headers: base_pb2.HeaderValueOption,
) -> list[hcm.ResponseMapper]:
    """What refuses a request to a pipeline, for gRPC clients and for all others."""
    document = _document(kind, TITLES[status], sentence, pipeline="%ROUTE_NAME%")
    others = hcm.ResponseMapper(filter=which, headers_to_add=headers, body_format_override=document)
    return [_to_grpc_client(which, sentence, grpc_status, headers), others]


def _to_grpc_client(
    which: AccessLogFilter,
    sentence: str,
    status: GrpcStatus | None,
    headers: Sequence[base_pb2.HeaderValueOption] = (),
) -> hcm.ResponseMapper:
    """A status in headers, as Envoy answers such clients; `sentence` is its message. Without `status` Envoy takes that
    which gRPC has for HTTP's."""
    return hcm.ResponseMapper(
        filter=all_of(from_grpc_client(), which),
        headers_to_add=[*headers, *([_header(STATUS_HEADER, str(int(status)))] if status else [])],
        body_format_override=_text(sentence),
    )


def _text(sentence: str) -> substitution_format_string_pb2.SubstitutionFormatString:
    return substitution_format_string_pb2.SubstitutionFormatString(
        text_format_source=base_pb2.DataSource(inline_string=sentence), content_type=names.PROBLEM_TYPE
    )


def _document(
    kind: str, title: str, sentence: str, **members: str
) -> substitution_format_string_pb2.SubstitutionFormatString:
    """A problem document of command operators."""
    document = Struct()
    document.update(
        {
            "type": f"urn:catenary:{kind}",
            "title": title,
            "status": "%RESPONSE_CODE%",
            "detail": sentence,
            "error": sentence,
            "request_id": "%REQ(X-REQUEST-ID)%",
            **members,
        }
    )
    return substitution_format_string_pb2.SubstitutionFormatString(
        json_format=document, content_type=names.PROBLEM_TYPE, omit_empty_values=True
    )


def _strip(*headers: str) -> extension_pb2.TypedExtensionConfig:
    """What only Envoys may say is taken from a request before anything looks at it."""
    mutations = [mutation_rules_pb2.HeaderMutation(remove=header) for header in headers]
    # Of its own headers Envoy takes away those that it obeys itself; the next Envoy, or a step, may obey others.
    any_of_envoys = string_pb2.StringMatcher(prefix="x-envoy-")
    mutations.append(
        mutation_rules_pb2.HeaderMutation(
            remove_on_match=mutation_rules_pb2.HeaderMutation.RemoveOnMatch(key_matcher=any_of_envoys)
        )
    )
    return extension_pb2.TypedExtensionConfig(
        name="envoy.http.early_header_mutation.header_mutation",
        typed_config=packed(header_mutation_pb2.HeaderMutation(mutations=mutations)),
    )


def _header(key: str, value: str) -> base_pb2.HeaderValueOption:
    return base_pb2.HeaderValueOption(
        header=base_pb2.HeaderValue(key=key, value=value),
        append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )
