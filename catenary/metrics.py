"""The figures of a process for Prometheus: what it counts, and `GET /metrics`.

What happens is counted in `Metrics.registry`, from any thread. What is the case is read when a scrape asks for it, on
the event loop, by the readers that were given to `Metrics.read`; only the rendering leaves the loop. Labels take values
from sets that the operator bounds; what clients choose goes through `Bounded` first.
"""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterable, Iterator

import prometheus_client
from aiohttp import hdrs, web
from prometheus_client import CollectorRegistry, Gauge, Metric
from prometheus_client.exposition import choose_encoder, gzip_accepted

from catenary import __version__, names
from catenary.errors import NotFound

_FRACTIONS_S = (0.0001, 0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
DURATION_BUCKETS_S = (*_FRACTIONS_S, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
"""From 0.1 ms to a minute."""

OTHER = "other"

Reader = Callable[[], Iterable[Metric]]


class Metrics:
    """Belongs to one event loop; what is in `registry` may be counted from any thread.

    `process`: its name on `catenary_build_info`.
    """

    def __init__(self, process: str) -> None:
        # When a series began: for each another one, which Prometheus has no use for.
        prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=True)
        self._readers: list[Reader] = []
        prometheus_client.ProcessCollector(registry=self.registry)
        prometheus_client.PlatformCollector(registry=self.registry)
        prometheus_client.GCCollector(registry=self.registry)
        which = "Which process this is, at which version."
        built = Gauge("catenary_build_info", which, ["version", "process"], registry=self.registry)
        built.labels(__version__, process).set(1)

    def read(self, reader: Reader) -> None:
        """Have `reader` called at every scrape, on the event loop: it has to be quick."""
        self._readers.append(reader)

    def add_to(self, app: web.Application, *, through_envoy: bool = False) -> None:
        """Serve the page at `GET /metrics`; unless `through_envoy`, only to who asks the app itself.

        A sidecar's app has its figures for the supervisor beside it, not for whoever reaches the Envoy in front.
        """

        async def metrics(request: web.Request) -> web.Response:
            # Every Envoy sets it, whatever the client says.
            if hdrs.X_FORWARDED_PROTO in request.headers and not through_envoy:
                raise NotFound("page", request.path)
            return await self._page(request)

        app.router.add_get(names.METRICS_PATH, metrics)

    async def _page(self, request: web.Request) -> web.Response:
        accept = ",".join(request.headers.getall(hdrs.ACCEPT, ()))
        # The client's own words are not handed on: not every version that can be asked for can be compared.
        encode, content_type = choose_encoder(_OPENMETRICS if _OPENMETRICS in accept else "")
        scrape = _Scrape(self.registry, [metric for reader in self._readers for metric in reader()])
        compressed = gzip_accepted(request.headers.get(hdrs.ACCEPT_ENCODING, ""))

        def render() -> bytes:
            page = encode(scrape)
            return gzip.compress(page, compresslevel=1) if compressed else page

        headers = {hdrs.CONTENT_TYPE: content_type, hdrs.VARY: "accept, accept-encoding"}
        if compressed:
            headers[hdrs.CONTENT_ENCODING] = "gzip"
        return web.Response(body=await asyncio.to_thread(render), headers=headers)


_OPENMETRICS = "application/openmetrics-text"


class _Scrape:
    """What one scrape gets: the registry, and what the readers have read."""

    def __init__(self, registry: CollectorRegistry, read: list[Metric]) -> None:
        self._registry = registry
        self._read = read

    def collect(self) -> Iterator[Metric]:
        yield from self._registry.collect()
        yield from self._read


class Bounded:
    """Label values that clients choose: the first `most` sets of them are taken as they are, of all others each value
    is "other". A set that was taken stays: the bound is of what a process ever shows. Belongs to one event loop.
    """

    def __init__(self, most: int = 1_000) -> None:
        self._most = most
        self._taken: set[tuple[str, ...]] = set()

    def __call__(self, *values: str) -> tuple[str, ...]:
        if values not in self._taken:
            if len(self._taken) >= self._most:
                return (OTHER,) * len(values)
            self._taken.add(values)
        return values
