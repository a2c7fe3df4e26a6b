"""Spans: which Envoy reports what to Zipkin, and which trace a request belongs to.

A gateway begins traces, of pipelines alone; a sidecar goes on with what its gateway began, so that a health check is no
trace. Contexts are taken and passed on as B3 and as W3C's `traceparent`.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from envoy.config.common.mutation_rules.v3 import mutation_rules_pb2
from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.config.trace.v3 import http_tracer_pb2, zipkin_pb2
from envoy.extensions.filters.http.header_mutation.v3 import header_mutation_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm
from envoy.extensions.request_id.uuid.v3 import uuid_pb2
from envoy.type.v3 import percent_pb2
from google.protobuf.wrappers_pb2 import BoolValue

from catenary import names
from catenary.address import TcpAddress
from manager.xds.resource import packed

SPANS_PATH = f"{names.ZIPKIN_PATH}/spans"


@dataclass(frozen=True, slots=True)
class Zipkin:
    """Where spans go, and the share of requests, in percent, whose spans go there without being asked to."""

    collector: TcpAddress
    path: str
    percent: float

    @classmethod
    def at(cls, url: str, percent: float) -> Zipkin:
        """The server at `url`; a path other than the usual one may follow its port."""
        parts = urlsplit(url)
        path = parts.path.rstrip("/") or SPANS_PATH
        return cls(TcpAddress(parts.hostname or "", parts.port or 80), path, percent)


UNTRACED = route_components_pb2.Tracing(overall_sampling=percent_pb2.FractionalPercent(numerator=0))
"""For a route that is no pipeline's."""


def edge_tracing(zipkin: Zipkin) -> dict[str, object]:
    """The fields of a gateway's connection manager: a span for the request, and one for each step."""
    return {
        "tracing": _tracing(
            zipkin,
            random_sampling=percent_pb2.Percent(value=zipkin.percent),
            operation="%ROUTE_NAME%",
            upstream_operation="%UPSTREAM_CLUSTER%",
            spawn_upstream_span=BoolValue(value=True),
        ),
        # Envoy draws lots by the request's id, and would write the lot into a client's own.
        "request_id_extension": hcm.RequestIDExtension(
            typed_config=packed(uuid_pb2.UuidRequestIdConfig(pack_trace_reason=BoolValue(value=False)))
        ),
    }


def sidecar_tracing(zipkin: Zipkin) -> dict[str, object]:
    """The fields of a sidecar's connection manager: one span, if the request comes with a trace that is sampled."""
    return {
        "tracing": _tracing(zipkin, random_sampling=percent_pb2.Percent(value=0), operation="%REQ(:PATH)%"),
    }


def trace_id_filter() -> hcm.HttpFilter:
    """Tells the chain filter the trace's id, which only the tracer knows."""
    mutation = mutation_rules_pb2.HeaderMutation(
        append=base_pb2.HeaderValueOption(
            header=base_pb2.HeaderValue(key=names.TRACE_ID, value="%TRACE_ID%"),
            append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
        )
    )
    config = header_mutation_pb2.HeaderMutation(mutations=header_mutation_pb2.Mutations(request_mutations=[mutation]))
    return hcm.HttpFilter(name="envoy.filters.http.header_mutation", typed_config=packed(config))


def _tracing(zipkin: Zipkin, **fields: object) -> hcm.HttpConnectionManager.Tracing:
    config = zipkin_pb2.ZipkinConfig(
        collector_cluster=names.ZIPKIN_CLUSTER,
        collector_endpoint=zipkin.path,
        collector_endpoint_version=zipkin_pb2.ZipkinConfig.HTTP_JSON,
        collector_hostname=str(zipkin.collector),
        trace_id_128bit=True,
        # Who asks and who answers are two spans: each Envoy tells of its own.
        shared_span_context=BoolValue(value=False),
        trace_context_option=zipkin_pb2.ZipkinConfig.USE_B3_WITH_W3C_PROPAGATION,
    )
    provider = http_tracer_pb2.Tracing.Http(name="envoy.tracers.zipkin", typed_config=packed(config))
    return hcm.HttpConnectionManager.Tracing(provider=provider, **fields)
