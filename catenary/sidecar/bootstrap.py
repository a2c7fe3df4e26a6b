"""What an Envoy is started with: its bootstrap and its flags. All else comes from the manager by ADS."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from catenary import envoy_stats, names
from catenary.address import Address, TcpAddress, UnixAddress
from catenary.logs import LogFormat
from catenary.node import Node

MAX_CONNECTIONS = 50_000
"""Envoy asks for a limit; one that is never met on purpose, because it would be shed without an answer."""

FORGET_S = 3600
"""What an Envoy counts for Catenary and has not counted for so long, or twice as long, begins again at 0."""

# One line as `catenary.logs` writes it; %z is the offset from UTC, %j the message escaped for JSON.
_LOG_FORMAT: dict[LogFormat, str] = {
    "text": "%Y-%m-%dT%T.%e%z {level} {service}/envoy: [%n] %v",
    "json": '{{"time":"%Y-%m-%dT%T.%e%z","level":"%l","process":"{service}/envoy","logger":"%n","message":"%j"}}',
}


def bootstrap(node: Node, xds: Sequence[Address], admin_socket: Path) -> dict[str, Any]:
    """Envoy's bootstrap as JSON: who it is, its admin on a Unix socket, and the xDS of the managers at `xds`."""
    document: dict[str, Any] = {
        "node": {"id": node.id, "cluster": node.service, "metadata": node.metadata()},
        "admin": {"address": {"pipe": {"path": str(admin_socket), "mode": 0o600}}},
        "static_resources": {"clusters": [_xds_cluster(xds)]},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "grpc_services": [{"envoy_grpc": _xds_stream()}],
            },
            "lds_config": {"ads": {}, "resource_api_version": "V3"},
            "cds_config": {"ads": {}, "resource_api_version": "V3"},
        },
        "overload_manager": {"resource_monitors": [_connection_limit()]},
        # Histograms are no newer than that when they are asked for.
        "stats_flush_interval": "1s",
        # What nobody asks for any more, such as a pipeline that is gone, leaves room for what is new.
        "stats_eviction_interval": f"{FORGET_S}s",
        "stats_config": {"histogram_bucket_settings": [_buckets()]},
    }
    # Spans go in batches, but not much later than they were made; Envoy's own are of 5, every 5 s.
    runtime = {"tracing.zipkin.min_flush_spans": 100, "tracing.zipkin.flush_interval_ms": 1_000}
    if node.role == "gateway":
        # The steps before the last are calls from Lua; what they answer is buffered, and only this key limits it.
        runtime["http.async_response_buffer_limit"] = node.body_bytes
    document["layered_runtime"] = {"layers": [{"name": "catenary", "static_layer": runtime}]}
    return document


def envoy_command(envoy: Path, bootstrap_file: Path, node: Node, log_format: LogFormat) -> list[str]:
    """The command line: a gateway's Envoy has a worker for every core (its default), a sidecar's has one."""
    workers = [] if node.role == "gateway" else ["--concurrency", "1"]
    line = _LOG_FORMAT[log_format].format(level="%l", service=node.service)
    return [
        *(str(envoy), "--config-path", str(bootstrap_file), *workers),
        # Without hot restart no two Envoys of a host share memory.
        *("--disable-hot-restart", "--log-level", "warning", "--log-format", line),
        # Of a request that breaks off, which has no duration to be counted, it would tell as of an error.
        *("--component-log-level", "misc:critical"),
        # The lines of requests, which it writes in batches: a person who waits for one waits no longer.
        *("--file-flush-interval-msec", "250"),
        # While draining, every answer closes its connection, not a growing share of them.
        *("--drain-strategy", "immediate"),
    ]


def _xds_cluster(managers: Sequence[Address]) -> dict[str, Any]:
    by_name = any(isinstance(manager, TcpAddress) and not _is_ip(manager.host) for manager in managers)
    cluster: dict[str, Any] = {
        "name": names.XDS_CLUSTER,
        "type": "STRICT_DNS" if by_name else "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
    }
    if any(isinstance(manager, TcpAddress) for manager in managers):
        # A manager's host may vanish without a word. TCP's keep-alive: gRPC servers refuse frequent HTTP/2 pings.
        keepalive = {"keepalive_time": 10, "keepalive_interval": 5, "keepalive_probes": 3}
        cluster["upstream_connection_options"] = {"tcp_keepalive": keepalive}
    endpoints = [{"endpoint": {"address": _envoy_address(manager)}} for manager in managers]
    cluster["load_assignment"] = {"cluster_name": names.XDS_CLUSTER, "endpoints": [{"lb_endpoints": endpoints}]}
    return cluster


def _envoy_address(address: Address) -> dict[str, Any]:
    if isinstance(address, UnixAddress):
        return {"pipe": {"path": address.path}}
    return {"socket_address": {"address": address.host, "port_value": address.port}}


def _xds_stream() -> dict[str, Any]:
    # Envoy's own back-off goes up to 30 s, for which a manager that is back could change nothing.
    back_off = {"base_interval": "0.1s", "max_interval": "1s"}
    return {"cluster_name": names.XDS_CLUSTER, "retry_policy": {"retry_back_off": back_off}}


def _connection_limit() -> dict[str, Any]:
    monitor = "envoy.resource_monitors.global_downstream_max_connections"
    kind = "envoy.extensions.resource_monitors.downstream_connections.v3.DownstreamConnectionsConfig"
    config = {"@type": f"type.googleapis.com/{kind}", "max_active_downstream_connections": MAX_CONNECTIONS}
    return {"name": monitor, "typed_config": config}


def _buckets() -> dict[str, Any]:
    return {"match": {"prefix": f"{envoy_stats.PREFIX}."}, "buckets": list(envoy_stats.BUCKETS_US)}


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
