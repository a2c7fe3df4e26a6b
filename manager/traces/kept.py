"""Zipkin's API over the traces that this manager keeps itself."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from aiohttp import web
from pydantic import BaseModel

from catenary import names
from catenary.body import read_json
from catenary.errors import InvalidInput, MalformedRequest, NotFound
from catenary.http import json_response, validated
from manager.traces.query import TraceQuery
from manager.traces.span import Spans, trace_id
from manager.traces.store import TraceStore, search

M = TypeVar("M", bound=BaseModel)


class KeptTraces:
    def __init__(self, store: TraceStore) -> None:
        self._store = store

    def add_to(self, app: web.Application) -> None:
        app.add_routes(
            [
                web.post(f"{names.ZIPKIN_PATH}/spans", self._take),
                web.get(f"{names.ZIPKIN_PATH}/spans", self._span_names),
                web.get(f"{names.ZIPKIN_PATH}/services", self._services),
                web.get(f"{names.ZIPKIN_PATH}/traces", self._search),
                web.get(f"{names.ZIPKIN_PATH}/traceMany", self._many),
                web.get(f"{names.ZIPKIN_PATH}/trace/{{id}}", self._one),
            ]
        )

    async def _take(self, request: web.Request) -> web.Response:
        # The most that a body holds takes a second to read: another thread's, so that the control plane goes on.
        spans = await asyncio.to_thread(_read, Spans, await read_json(request))
        self._store.add(spans.root)
        return web.Response(status=202)

    async def _span_names(self, request: web.Request) -> web.Response:
        return json_response(self._store.span_names(_parameter(request, "serviceName").lower()))

    async def _services(self, _request: web.Request) -> web.Response:
        return json_response(self._store.services())

    async def _search(self, request: web.Request) -> web.Response:
        query = _read(TraceQuery, dict(request.query))
        return _json(await asyncio.to_thread(search, self._store.latest_first(), query))

    async def _many(self, request: web.Request) -> web.Response:
        ids = [asked_id(text) for text in _parameter(request, "traceIds").split(",")]
        if len(set(ids)) < max(2, len(ids)):
            raise MalformedRequest("traceIds: two different ids or more are needed; /trace/<id> has a single trace")
        return _json(self._store.traces(ids))

    async def _one(self, request: web.Request) -> web.Response:
        wanted = asked_id(request.match_info["id"].strip())
        trace = self._store.trace(wanted)
        if trace is None:
            most = self._store.most_traces
            kept = f"the last {most} traces are kept here" if most else "no traces are kept here"
            raise NotFound("trace", wanted, reason=kept)
        return _json(trace)


def _json(document: bytes) -> web.Response:
    return web.Response(body=document, content_type=names.JSON_TYPE)


def asked_id(text: str) -> str:
    """The trace's id that a client writes as `text`. Raises MalformedRequest."""
    try:
        return trace_id(text)
    except ValueError as error:
        raise MalformedRequest(str(error)) from error


def _parameter(request: web.Request, name: str) -> str:
    if name not in request.query:
        raise MalformedRequest(f"{name}: this parameter is needed")
    return request.query[name]


def _read(kind: type[M], value: object) -> M:
    """As `validated`; what Zipkin answers with 400 is 400 here, where else it would be 422."""
    try:
        return validated(kind, value)
    except InvalidInput as error:
        raise MalformedRequest(str(error)) from error
