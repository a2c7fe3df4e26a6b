"""The tracer of a process: OpenTelemetry's, whose spans go to the collectors that the settings name."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Tracer

from catenary import __version__, names
from catenary.telemetry.otlp import otlp_json
from catenary.telemetry.shipping import Collector, Shipping
from catenary.telemetry.zipkin import zipkin_json

OTLP_PATH = "/v1/traces"
STOP_S = 1.0
"""How long spans that wait may hold up the end of the process."""


@dataclass(frozen=True, slots=True)
class Tracing:
    """`tracer` makes spans; `shippings` send them, each to the collector of its name."""

    tracer: Tracer
    shippings: Mapping[str, Shipping]


@contextlib.asynccontextmanager
async def tracing(service: str, instance: str, *, zipkin: str, otlp: str) -> AsyncIterator[Tracing]:
    """A tracer inside the block, for spans of `service` whose trace is kept; `zipkin` and `otlp` are URLs or empty."""
    resource = {SERVICE_NAME: service, SERVICE_VERSION: __version__}
    if instance:
        resource[SERVICE_INSTANCE_ID] = instance
    provider = TracerProvider(
        sampler=ALWAYS_ON,
        resource=Resource.create(resource),
        shutdown_on_exit=False,
    )
    collectors = {
        "zipkin": Collector(zipkin, f"{names.ZIPKIN_PATH}/spans", zipkin_json),
        "otlp": Collector(otlp, OTLP_PATH, otlp_json),
    }
    shippings = {name: Shipping(collector) for name, collector in collectors.items() if collector.url}
    for shipping in shippings.values():
        provider.add_span_processor(shipping)
    try:
        yield Tracing(provider.get_tracer("catenary", __version__), shippings)
    finally:
        for shipping in shippings.values():
            shipping.stop()
        await asyncio.gather(*(asyncio.to_thread(shipping.wait, STOP_S) for shipping in shippings.values()))
