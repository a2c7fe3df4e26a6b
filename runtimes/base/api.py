"""The HTTP shell of a runtime: rows in, rows out, and what the runtime says of itself.

POST /<model>          rows → rows
GET  /<model>          inputs, outputs and version
GET  /metadata         the same of every model that is served
GET  /health           200 when ready, 503 while starting; the models and their states
GET  /health/live      200
GET  /metrics          the figures for Prometheus, to the supervisor alone

A model may have any of these names: it is asked by POST, and described under /metadata.
"""

from __future__ import annotations

from aiohttp import web

from catenary import names
from catenary.body import read_body
from catenary.http import application, json_response
from runtimes.base.caller import Caller
from runtimes.base.deadline import Deadline
from runtimes.base.progress import Progress
from runtimes.base.serving import Serving
from runtimes.base.spans import Spans

SERVING = web.AppKey("serving", Serving)
SPANS = web.AppKey("spans", Spans)


def runtime_app(serving: Serving, body_bytes: int, spans: Spans) -> web.Application:
    """The application over `serving`; a body over `body_bytes` is answered 413."""
    app = application(max_body_bytes=body_bytes)
    app[SERVING] = serving
    app[SPANS] = spans
    serving.metrics.metrics.read(spans.figures)
    serving.metrics.metrics.add_to(app)
    app.add_routes(
        [
            web.get(names.HEALTH_PATH, _health),
            web.get(f"{names.HEALTH_PATH}/live", _live),
            web.get("/metadata", _metadata),
            web.get("/{model}", _describe),
            web.post("/{model}", _predict),
        ]
    )
    return app


async def _predict(request: web.Request) -> web.Response:
    headers = request.headers
    caller = Caller.from_headers(headers.get(names.PIPELINE, ""), headers.get(names.STEP, ""))
    progress = Progress(request.match_info["model"], caller)
    with request.app[SPANS].of(progress, headers):
        deadline = Deadline.from_header(headers.get(names.TIMEOUT_MS))
        body = await read_body(request)
        answer = await request.app[SERVING].predict(body, deadline, progress)
    return web.Response(body=answer, content_type=names.JSON_TYPE)


async def _describe(request: web.Request) -> web.Response:
    return json_response(await request.app[SERVING].describe(request.match_info["model"]))


async def _metadata(request: web.Request) -> web.Response:
    return json_response(request.app[SERVING].described())


async def _health(request: web.Request) -> web.Response:
    status, waiting_for, models = request.app[SERVING].health()
    document = {"status": status, "waiting_for": waiting_for, "models": [model.model_dump() for model in models]}
    return json_response(document, 200 if status == "ready" else 503)


async def _live(_: web.Request) -> web.Response:
    return json_response({"status": "live"})
