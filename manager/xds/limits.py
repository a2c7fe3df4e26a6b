"""Limits of a pipeline, on its route, for Envoy's own filters, which stand before the chain: what they refuse costs no
work.

Rates are token buckets. A client's is made when it first asks; a gateway keeps those of the clients that asked last,
and one that is forgotten begins with a full bucket. Requests under way are counted by the filter for adaptive
concurrency, whose least and most are one number. It knows no routes of its own: the composite filter puts one there for
each.

Envoy makes all of these anew, the buckets full and nothing under way, whenever the routes change.
"""

from __future__ import annotations

import math

from envoy.config.core.v3 import base_pb2, extension_pb2
from envoy.config.route.v3 import route_components_pb2
from envoy.extensions.common.matching.v3 import extension_matcher_pb2
from envoy.extensions.common.ratelimit.v3 import ratelimit_pb2
from envoy.extensions.filters.http.adaptive_concurrency.v3 import adaptive_concurrency_pb2
from envoy.extensions.filters.http.composite.v3 import composite_pb2
from envoy.extensions.filters.http.local_ratelimit.v3 import local_rate_limit_pb2
from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2 as hcm
from envoy.type.matcher.v3 import regex_pb2, string_pb2
from envoy.type.v3 import http_status_pb2, percent_pb2, token_bucket_pb2
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.wrappers_pb2 import BoolValue, UInt32Value
from xds.core.v3 import extension_pb2 as xds_extension_pb2
from xds.type.matcher.v3 import matcher_pb2

from manager.topology import Limits, Rate
from manager.xds.resource import packed

_RATES = "envoy.filters.http.local_ratelimit"
_CONCURRENCY = "envoy.filters.http.composite"

MAX_CLIENTS = 10_000
"""So many clients of a pipeline have a bucket at a time."""

_FILL_S = 1_000
_HEADER, _ADDRESS, _BY_ADDRESS = "header", "masked_remote_address", "by"

_Action = route_components_pb2.RateLimit.Action
_Descriptor = ratelimit_pb2.LocalRateLimitDescriptor
_Entry = ratelimit_pb2.RateLimitDescriptor.Entry


def limit_filters() -> list[hcm.HttpFilter]:
    """A request meets them only where its route configures them."""
    rates = local_rate_limit_pb2.LocalRateLimit(stat_prefix="edge")
    composite = extension_pb2.TypedExtensionConfig(name="composite", typed_config=packed(composite_pb2.Composite()))
    concurrency = extension_matcher_pb2.ExtensionWithMatcher(extension_config=composite)
    return [
        hcm.HttpFilter(name=_RATES, typed_config=packed(rates), disabled=True),
        hcm.HttpFilter(name=_CONCURRENCY, typed_config=packed(concurrency), disabled=True),
    ]


def route_limits(limits: Limits) -> dict[str, Any]:
    """What the route of a pipeline with `limits` says to those filters, by their names."""
    config = {}
    if rates := [rate for rate in (limits.pipeline, limits.client) if rate]:
        config[_RATES] = packed(_rates(limits, rates))
    if limits.concurrent_requests:
        config[_CONCURRENCY] = packed(_concurrency(limits.concurrent_requests))
    return config


def _concurrency(requests: int) -> extension_matcher_pb2.ExtensionWithMatcherPerRoute:
    gradient = adaptive_concurrency_pb2.GradientControllerConfig(
        concurrency_limit_params=adaptive_concurrency_pb2.GradientControllerConfig.ConcurrencyLimitCalculationParams(
            max_concurrency_limit=UInt32Value(value=requests),
            concurrency_update_interval=Duration(seconds=60),
        ),
        min_rtt_calc_params=adaptive_concurrency_pb2.GradientControllerConfig.MinimumRTTCalculationParams(
            min_concurrency=UInt32Value(value=requests),
            # Given, it is not measured.
            fixed_value=Duration(seconds=1),
        ),
    )
    config = adaptive_concurrency_pb2.AdaptiveConcurrency(
        gradient_controller_config=gradient,
        enabled=base_pb2.RuntimeFeatureFlag(
            default_value=BoolValue(value=True), runtime_key="catenary.concurrent_requests"
        ),
        concurrency_limit_exceeded_status=http_status_pb2.HttpStatus(code=http_status_pb2.TooManyRequests),
    )
    action = composite_pb2.ExecuteFilterAction(
        typed_config=extension_pb2.TypedExtensionConfig(
            name="envoy.filters.http.adaptive_concurrency", typed_config=packed(config)
        )
    )
    always = matcher_pb2.Matcher.OnMatch(
        action=xds_extension_pb2.TypedExtensionConfig(name="count", typed_config=packed(action))
    )
    return extension_matcher_pb2.ExtensionWithMatcherPerRoute(xds_matcher=matcher_pb2.Matcher(on_no_match=always))


def _rates(limits: Limits, rates: list[Rate]) -> local_rate_limit_pb2.LocalRateLimit:
    """A request takes from its client's bucket and then from the pipeline's: a client that is refused uses up nothing
    that is others'."""
    return local_rate_limit_pb2.LocalRateLimit(
        stat_prefix="edge",
        # Envoy wants one: where only clients are limited, it is for those that nothing tells apart.
        token_bucket=_bucket(rates[0]),
        always_consume_default_token_bucket=BoolValue(value=limits.pipeline is not None),
        filter_enabled=_ALWAYS,
        filter_enforced=_ALWAYS,
        rate_limited_as_resource_exhausted=True,
        response_headers_to_add=[
            base_pb2.HeaderValueOption(
                header=base_pb2.HeaderValue(key="retry-after", value=str(_retry_after_s(rates))),
                append_action=base_pb2.HeaderValueOption.OVERWRITE_IF_EXISTS_OR_ADD,
            )
        ],
        **(_clients(limits.client, limits.client_header) if limits.client else {}),
    )


_ALWAYS = base_pb2.RuntimeFractionalPercent(
    default_value=percent_pb2.FractionalPercent(numerator=100), runtime_key="catenary.rate_limit"
)


def _clients(rate: Rate, header: str) -> dict[str, object]:
    """The fields that give each client a bucket: by its address, or by the header where the request has it."""
    by_address = [_Action(masked_remote_address=_ONE_HOST)]
    kinds = [([_Entry(key=_ADDRESS)], by_address)]
    if header:
        has_none = _Action.HeaderValueMatch(
            descriptor_key=_BY_ADDRESS,
            descriptor_value=_ADDRESS,
            expect_match=BoolValue(value=False),
            headers=[route_components_pb2.HeaderMatcher(name=header, string_match=_SOMETHING)],
        )
        named = _Action.RequestHeaders(header_name=header, descriptor_key=_HEADER)
        kinds = [
            ([_Entry(key=_HEADER)], [_Action(request_headers=named)]),
            (
                [_Entry(key=_BY_ADDRESS, value=_ADDRESS), _Entry(key=_ADDRESS)],
                [_Action(header_value_match=has_none), *by_address],
            ),
        ]
    return {
        "descriptors": [_Descriptor(entries=entries, token_bucket=_bucket(rate)) for entries, _ in kinds],
        "rate_limits": [route_components_pb2.RateLimit(actions=actions) for _, actions in kinds],
        "max_dynamic_descriptors": UInt32Value(value=MAX_CLIENTS),
    }


# Who has one IPv6 address has a whole network of them.
_ONE_HOST = _Action.MaskedRemoteAddress(
    v4_prefix_mask_len=UInt32Value(value=32), v6_prefix_mask_len=UInt32Value(value=64)
)
_SOMETHING = string_pb2.StringMatcher(safe_regex=regex_pb2.RegexMatcher(regex=".+"))


def _bucket(rate: Rate) -> token_bucket_pb2.TokenBucket:
    # Envoy fills by the moment, not by the interval: a long one only makes the rate exact.
    return token_bucket_pb2.TokenBucket(
        max_tokens=rate.burst,
        tokens_per_fill=UInt32Value(value=round(rate.requests_per_s * _FILL_S)),
        fill_interval=Duration(seconds=_FILL_S),
    )


def _retry_after_s(rates: list[Rate]) -> int:
    """Whole seconds after which the slowest bucket has another token."""
    return math.ceil(1 / min(rate.requests_per_s for rate in rates))
