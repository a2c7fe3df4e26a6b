"""CDS: a cluster for each service, as gateways see it, and one for the app that stands behind an Envoy.

Retries, breakers and outlier detection stand here, so that the calls of a chain and its last step share them.
"""

from __future__ import annotations

from envoy.config.cluster.v3 import circuit_breaker_pb2, cluster_pb2, outlier_detection_pb2
from envoy.config.core.v3 import config_source_pb2, protocol_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.retry.host.previous_hosts.v3 import previous_hosts_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value

from catenary import names
from catenary.address import Address, TcpAddress
from catenary.node import AppProtocol
from manager.xds.endpoints import load_assignment
from manager.xds.resource import Resource, packed, resource

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_MANY = 65_536

ADS = config_source_pb2.ConfigSource(
    ads=config_source_pb2.AggregatedConfigSource(), resource_api_version=config_source_pb2.ApiVersion.V3
)

RETRIES = route_components_pb2.RetryPolicy(
    # `unavailable` is gRPC's 503, which comes with HTTP's 200.
    retry_on="connect-failure,refused-stream,reset,retriable-status-codes,unavailable",
    retriable_status_codes=[502, 503],
    # A step's own number comes with each request, in x-envoy-max-retries.
    num_retries=UInt32Value(value=names.DEFAULT_RETRIES),
    retry_back_off=route_components_pb2.RetryPolicy.RetryBackOff(
        base_interval=Duration(nanos=2_000_000), max_interval=Duration(nanos=10_000_000)
    ),
    retry_host_predicate=[
        route_components_pb2.RetryPolicy.RetryHostPredicate(
            name="envoy.retry_host_predicates.previous_hosts",
            typed_config=packed(previous_hosts_pb2.PreviousHostsPredicate()),
        )
    ],
    host_selection_retry_max_attempts=5,
)

# Envoy allows 3 retries at a time and 1,024 requests unless told otherwise, which fails requests while a host is down.
_BREAKERS = circuit_breaker_pb2.CircuitBreakers(
    thresholds=[
        circuit_breaker_pb2.CircuitBreakers.Thresholds(
            max_connections=UInt32Value(value=_MANY),
            max_pending_requests=UInt32Value(value=_MANY),
            max_requests=UInt32Value(value=_MANY),
            max_retries=UInt32Value(value=1_024),
        )
    ]
)

# Envoy hands over 100 spans at a time, for which it waits 5 s: what a collector that is slow does not take is dropped.
_COLLECTOR_BREAKERS = circuit_breaker_pb2.CircuitBreakers(
    thresholds=[
        circuit_breaker_pb2.CircuitBreakers.Thresholds(
            max_connections=UInt32Value(value=4), max_pending_requests=UInt32Value(value=16)
        )
    ]
)

# One count for refused connections, timeouts, 502, 503 and 504: counted apart, each new request to an instance that
# takes connections and answers nothing would begin the count of its timeouts anew.
_OUTLIERS = outlier_detection_pb2.OutlierDetection(
    consecutive_gateway_failure=UInt32Value(value=5),
    enforcing_consecutive_gateway_failure=UInt32Value(value=100),
    enforcing_consecutive_5xx=UInt32Value(value=0),
    enforcing_success_rate=UInt32Value(value=0),
    interval=Duration(seconds=1),
    base_ejection_time=Duration(seconds=2),
    max_ejection_time=Duration(seconds=30),
    max_ejection_percent=UInt32Value(value=50),
)

# Envoy gathers what it finds out about hosts for a second, in which a host that is out gets requests all the same.
_AT_ONCE = Duration()

# A sidecar that stands still, or whose host has vanished, has what is under way there reset, and so tried elsewhere.
_KEEPALIVE = protocol_pb2.KeepaliveSettings(
    interval=Duration(seconds=2), timeout=Duration(seconds=2), interval_jitter=percent_pb2.Percent(value=15)
)


def http2(
    *, max_streams: int | None = None, keepalive: protocol_pb2.KeepaliveSettings | None = None
) -> protocol_pb2.Http2ProtocolOptions:
    """How HTTP/2 is spoken everywhere; `max_streams` limits the requests under way on a connection.

    Many requests share a connection. What waits for one that does not read is limited by its stream's window; a limit
    for the connection would be used up by a few such, and then nobody's bytes would pass.
    """
    return protocol_pb2.Http2ProtocolOptions(
        initial_stream_window_size=UInt32Value(value=1 << 20),
        initial_connection_window_size=UInt32Value(value=(1 << 31) - 1),
        max_concurrent_streams=UInt32Value(value=max_streams) if max_streams else None,
        connection_keepalive=keepalive,
    )


def service_cluster(service: str) -> Resource:
    """The sidecars of `service`, spoken to in HTTP/2."""
    options = http_protocol_options_pb2.HttpProtocolOptions(
        explicit_http_config=http_protocol_options_pb2.HttpProtocolOptions.ExplicitHttpConfig(
            http2_protocol_options=http2(keepalive=_KEEPALIVE)
        ),
        retry_policy=RETRIES,
    )
    return resource(
        service,
        cluster_pb2.Cluster(
            name=service,
            type=cluster_pb2.Cluster.EDS,
            eds_cluster_config=cluster_pb2.Cluster.EdsClusterConfig(eds_config=ADS, service_name=service),
            connect_timeout=Duration(seconds=1),
            # Least-request would favour a host that has just died, having nothing under way; in turn, a retry meets
            # the next host at once.
            lb_policy=cluster_pb2.Cluster.ROUND_ROBIN,
            circuit_breakers=_BREAKERS,
            outlier_detection=_OUTLIERS,
            common_lb_config=cluster_pb2.Cluster.CommonLbConfig(update_merge_window=_AT_ONCE),
            typed_extension_protocol_options={_HTTP_OPTIONS: packed(options)},
        ),
    )


def app_cluster(app: Address, protocol: AppProtocol) -> Resource:
    """The one process behind an Envoy, spoken to in HTTP/1.1, which any HTTP server understands, or for gRPC in
    HTTP/2."""
    explicit = http_protocol_options_pb2.HttpProtocolOptions.ExplicitHttpConfig
    options = http_protocol_options_pb2.HttpProtocolOptions(
        explicit_http_config=explicit(http2_protocol_options=http2())
        if protocol == "grpc"
        else explicit(http_protocol_options=protocol_pb2.Http1ProtocolOptions()),
    )
    return resource(
        names.APP_CLUSTER,
        cluster_pb2.Cluster(
            name=names.APP_CLUSTER,
            type=cluster_pb2.Cluster.STATIC,
            load_assignment=load_assignment(names.APP_CLUSTER, [app]),
            connect_timeout=Duration(seconds=1),
            circuit_breakers=_BREAKERS,
            typed_extension_protocol_options={_HTTP_OPTIONS: packed(options)},
        ),
    )


def zipkin_cluster(collector: TcpAddress) -> Resource:
    """The Zipkin server that spans go to. Where it is away or slow, spans are dropped: nothing waits for it."""
    return resource(
        names.ZIPKIN_CLUSTER,
        cluster_pb2.Cluster(
            name=names.ZIPKIN_CLUSTER,
            type=cluster_pb2.Cluster.STRICT_DNS,
            load_assignment=load_assignment(names.ZIPKIN_CLUSTER, [collector]),
            connect_timeout=Duration(seconds=1),
            circuit_breakers=_COLLECTOR_BREAKERS,
            wait_for_warm_on_init=BoolValue(value=False),
        ),
    )
