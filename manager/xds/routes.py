"""RDS: the edge's routes, one entry a pipeline in a matcher tree whose cost does not grow with the pipelines.

Each entry holds the exact path with POST, which is the pipeline, and all else that begins like it, which goes to the
gateway's app with the pipeline's name. What begins like none goes there too: the app writes the 404s and 405s.

A gRPC client's path is the method that it calls: a pipeline of gRPC has its entry in a second tree, by the name in the
call's metadata, which is looked at only where no path matches.
"""

from __future__ import annotations

from functools import lru_cache

from envoy.config.core.v3 import base_pb2
from envoy.config.route.v3 import route_components_pb2, route_pb2
from envoy.extensions.filters.http.lua.v3 import lua_pb2
from envoy.type.matcher.v3 import http_inputs_pb2, string_pb2
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Struct
from google.protobuf.wrappers_pb2 import UInt64Value
from xds.core.v3.extension_pb2 import TypedExtensionConfig
from xds.type.matcher.v3 import matcher_pb2

from catenary import names
from manager.topology import Pipeline, Topology
from manager.xds.limits import route_limits
from manager.xds.resource import Resource, packed, resource
from manager.xds.tracing import UNTRACED

EDGE = "edge"
LUA_FILTER = "envoy.filters.http.lua"
IDLE_TIMEOUT_S = 300
"""A stream may be silent for so long, unless its pipeline's deadline is later."""

_Entries = matcher_pb2.Matcher.MatcherTree.MatchMap


@lru_cache(maxsize=65_536)
def pipeline_entry(pipeline: Pipeline, body_bytes: int) -> bytes:
    """The serialised map of the one pipeline's routes: made once for as long as the pipeline stays as it is.

    What a field says by default is left out: an Envoy that takes many pipelines in feels each.
    """
    if pipeline.transport == "grpc":
        key, routes = pipeline.name, [_grpc_route(pipeline, body_bytes), _app_route()]
    else:
        key, routes = f"{names.SERVE_PATH}/{pipeline.name}", [_http_route(pipeline, body_bytes), _begins_like(pipeline)]
    action = _action("pipeline", packed(route_components_pb2.RouteList(routes=routes)))
    entry = _Entries(map={key: matcher_pb2.Matcher.OnMatch(action=action)})
    serialised: bytes = entry.SerializeToString(deterministic=True)
    return serialised


def edge_routes(topology: Topology, body_bytes: int) -> Resource:
    """The route configuration of every gateway whose bodies are limited to `body_bytes`."""
    configuration = route_pb2.RouteConfiguration(name=EDGE)
    virtual_host = configuration.virtual_hosts.add(
        name=EDGE, domains=["*"], request_body_buffer_limit=UInt64Value(value=body_bytes)
    )
    by_path = [pipeline_entry(p, body_bytes) for p in topology.pipelines if p.transport == "http"]
    by_metadata = [pipeline_entry(p, body_bytes) for p in topology.pipelines if p.transport == "grpc"]
    if topology.pipelines:
        # Filled where they stand: at many pipelines a copy is dear.
        tree = virtual_host.matcher
        if by_path:
            _enter(tree.matcher_tree, tree.matcher_tree.prefix_match_map, ":path", by_path)
        if by_metadata:
            tree = tree.on_no_match.matcher if by_path else tree
            _enter(tree.matcher_tree, tree.matcher_tree.exact_match_map, names.PIPELINE, by_metadata)
        tree.on_no_match.action.CopyFrom(_action("no-pipeline", packed(_app_route())))
    else:
        virtual_host.routes.append(_app_route())
    used = {step.service for pipeline in topology.pipelines for step in pipeline.steps} | {names.APP_CLUSTER}
    return resource(EDGE, configuration, frozenset(used))


def app_routes() -> route_pb2.RouteConfiguration:
    """Everything to the app behind a sidecar; a deadline is the gateway's business, so there is none here."""
    to_app = route_components_pb2.RouteAction(
        cluster=names.APP_CLUSTER, timeout=Duration(seconds=0), idle_timeout=Duration(seconds=0)
    )
    route = route_components_pb2.Route(match=route_components_pb2.RouteMatch(prefix="/"), route=to_app)
    virtual_host = route_components_pb2.VirtualHost(name="app", domains=["*"], routes=[route])
    return route_pb2.RouteConfiguration(name="app", virtual_hosts=[virtual_host])


def _enter(
    tree: matcher_pb2.Matcher.MatcherTree,
    entries: matcher_pb2.Matcher.MatcherTree.MatchMap,
    header: str,
    serialised: list[bytes],
) -> None:
    """Make `serialised` the `entries` of `tree`, each by what `header` says."""
    read = packed(http_inputs_pb2.HttpRequestHeaderMatchInput(header_name=header))
    tree.input.CopyFrom(TypedExtensionConfig(name=header, typed_config=read))
    # Maps one after the other are the map of them all; entry by entry, in Python, it takes five times as long.
    entries.MergeFromString(b"".join(serialised))


def _http_route(pipeline: Pipeline, body_bytes: int) -> route_components_pb2.Route:
    by_post = route_components_pb2.HeaderMatcher(name=":method", string_match=string_pb2.StringMatcher(exact="POST"))
    return _pipeline_route(
        pipeline,
        body_bytes,
        match=route_components_pb2.RouteMatch(path=f"{names.SERVE_PATH}/{pipeline.name}", headers=[by_post]),
        action=route_components_pb2.RouteAction(
            prefix_rewrite=f"/{pipeline.steps[-1].model}", timeout=_milliseconds(pipeline.timeout_ms)
        ),
    )


def _begins_like(pipeline: Pipeline) -> route_components_pb2.Route:
    """What else begins like the pipeline's path."""
    route = _app_route()
    route.request_headers_to_add.add(
        header=base_pb2.HeaderValue(key=names.BEGINS_LIKE, value=pipeline.name),
        append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
    )
    return route


def _grpc_route(pipeline: Pipeline, body_bytes: int) -> route_components_pb2.Route:
    """Any method of the one step. A call's own deadline is for the whole of it and is kept here; the pipeline's is, as
    for every stream, for the time to the first answer, and is the chain filter's."""
    return _pipeline_route(
        pipeline,
        body_bytes,
        match=route_components_pb2.RouteMatch(prefix="/", grpc=route_components_pb2.RouteMatch.GrpcRouteMatchOptions()),
        action=route_components_pb2.RouteAction(
            timeout=Duration(seconds=0),
            max_stream_duration=route_components_pb2.RouteAction.MaxStreamDuration(
                grpc_timeout_header_max=Duration(seconds=0)
            ),
        ),
    )


def _pipeline_route(
    pipeline: Pipeline,
    body_bytes: int,
    match: route_components_pb2.RouteMatch,
    action: route_components_pb2.RouteAction,
) -> route_components_pb2.Route:
    action.cluster = pipeline.steps[-1].service
    if pipeline.timeout_ms >= IDLE_TIMEOUT_S * 1000:
        action.idle_timeout.seconds = pipeline.timeout_ms // 1000 + 1
    return route_components_pb2.Route(
        name=pipeline.name,
        match=match,
        route=action,
        typed_per_filter_config={
            LUA_FILTER: packed(lua_pb2.LuaPerRoute(filter_context=_context(pipeline, body_bytes))),
            **(route_limits(pipeline.limits) if pipeline.limits else {}),
        },
    )


def _app_route() -> route_components_pb2.Route:
    """To the gateway's app, which answers at once or not at all: Envoy's own limits are enough."""
    return route_components_pb2.Route(
        match=route_components_pb2.RouteMatch(prefix="/"),
        route=route_components_pb2.RouteAction(cluster=names.APP_CLUSTER),
        tracing=UNTRACED,
    )


def _action(name: str, config: Any) -> TypedExtensionConfig:
    return TypedExtensionConfig(name=name, typed_config=config)


def _context(pipeline: Pipeline, body_bytes: int) -> Struct:
    """What `envoy/chain.lua` reads: one text, for a structure is a message for each of its values, and many pipelines
    would take an Envoy twice as long to take in."""
    lines = [f"{pipeline.name} {pipeline.transport} {pipeline.timeout_ms} {body_bytes}"]
    lines += [f"{step.service} {step.model} {step.timeout_ms} {step.retries}" for step in pipeline.steps]
    context = Struct()
    context.update({"chain": "\n".join(lines)})
    return context


def _milliseconds(value: int) -> Duration:
    return Duration(seconds=value // 1000, nanos=value % 1000 * 1_000_000)
