"""Counts and times the requests to an API, by the template of the route that answered them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler
from prometheus_client import Counter, Histogram

from catenary.errors import CatenaryError
from catenary.metrics import DURATION_BUCKETS_S, OTHER, Metrics
from catenary.problem import status_of

CLIENT_LEFT = 499
"""The code of a request whose client left before the answer, as nginx has it."""


class HttpMetrics:
    """`untimed`: which requests stay out of the histogram, as they wait because their client asked them to."""

    def __init__(self, metrics: Metrics, untimed: Callable[[web.Request], bool] = lambda _: False) -> None:
        self._untimed = untimed
        self._requests = Counter(
            "catenary_http_requests",
            f"Requests to the API; code {CLIENT_LEFT}: the client left before the answer.",
            ["method", "route", "code"],
            registry=metrics.registry,
        )
        self._duration = Histogram(
            "catenary_http_request_duration_seconds",
            "From a request's headers until its answer is ready, but for requests that wait for a change.",
            ["method", "route"],
            registry=metrics.registry,
            buckets=DURATION_BUCKETS_S,
        )

    def add_to(self, app: web.Application) -> None:
        app.middlewares.append(self._measured)

    @web.middleware
    async def _measured(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        began = time.perf_counter()
        code = 500
        try:
            response = await handler(request)
            code = response.status
            return response
        except BaseException as error:
            code = _code_of(error)
            raise
        finally:
            resource = request.match_info.route.resource
            route = resource.canonical if resource else "none"
            method = request.method if request.method in hdrs.METH_ALL else OTHER
            self._requests.labels(method, route, code).inc()
            if not self._untimed(request):
                self._duration.labels(method, route).observe(time.perf_counter() - began)


def _code_of(error: BaseException) -> int:
    """The status with which `error` is answered, once it has been translated."""
    if isinstance(error, CatenaryError):
        return int(status_of(error))
    if isinstance(error, web.HTTPException):
        return error.status
    return CLIENT_LEFT if isinstance(error, (asyncio.CancelledError, ConnectionError)) else 500
