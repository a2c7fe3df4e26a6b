"""The HTTP API, read only and open to every origin: health, index, metadata, files, downloads."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from aiohttp import hdrs, web

from catenary import http, names
from catenary.errors import InvalidInput, NotFound
from catenary.http import json_response
from catenary.http_metrics import HttpMetrics
from catenary.metrics import Metrics
from repository.download import send_file
from repository.index import Index
from repository.metrics import model_gauges

WAIT_S = 60.0
"""The longest that a request for the index may wait for a change."""


def application(index: Index, root: Path) -> web.Application:
    """The application that serves what `index` knows of the folders under `root`."""
    app = http.application(max_body_bytes=1024)
    api = _Api(index, root)
    app.router.add_get(names.HEALTH_PATH, api.health)
    app.router.add_get(f"{names.HEALTH_PATH}/live", api.health)
    app.router.add_get("/index", api.index)
    app.router.add_get("/metadata/{model}", api.metadata)
    app.router.add_get("/files/{model}", api.files)
    app.router.add_get("/download/{model}/{path:.+}", api.download)
    metrics = Metrics(names.REPOSITORY)
    metrics.read(partial(model_gauges, index))
    metrics.add_to(app)
    HttpMetrics(metrics, untimed=lambda request: "wait" in request.query).add_to(app)
    app.on_response_prepare.append(_open_to_every_origin)
    return app


class _Api:
    def __init__(self, index: Index, root: Path) -> None:
        self._index = index
        self._root = root.resolve()

    async def health(self, _request: web.Request) -> web.Response:
        return json_response({"status": "ok", "models": self._index.n_ready})

    async def index(self, request: web.Request) -> web.Response:
        """With `wait`, an answer only when the index is no longer the one in If-None-Match, or the wait is over."""
        wait_s = _wait_s(request)
        known = {etag.value for etag in request.if_none_match or ()}
        if "*" in known:
            known.add(self._index.etag)
        changed = await self._index.changed_from(known, wait_s)
        headers = {hdrs.ETAG: f'"{self._index.etag}"', hdrs.CACHE_CONTROL: "no-cache"}
        if not changed:
            return web.Response(status=304, headers=headers)
        return web.Response(body=self._index.body, headers=headers, content_type=names.JSON_TYPE)

    async def metadata(self, request: web.Request) -> web.Response:
        _, metadata = self._index.model(request.match_info["model"])
        return json_response(metadata.model_dump())

    async def files(self, request: web.Request) -> web.Response:
        folder, _ = self._index.model(request.match_info["model"])
        return json_response(sorted(folder.files))

    async def download(self, request: web.Request) -> web.StreamResponse:
        folder, _ = self._index.model(request.match_info["model"])
        path, files = request.match_info["path"], folder.files
        if path not in files:
            raise NotFound("file", path, files)
        stamp = files[path]
        # What does not belong to the model is not hashed.
        etag = folder.digests.get((path, stamp)) or f"{stamp.mtime_ns:x}-{stamp.size_bytes:x}"
        return await send_file(request, self._root.joinpath(*folder.key), path, stamp, etag)


def _wait_s(request: web.Request) -> float:
    text = request.query.get("wait", "0")
    try:
        wait_s = float(text)
    except ValueError:
        wait_s = -1.0
    if not 0 <= wait_s <= WAIT_S:
        raise InvalidInput(f"wait: seconds from 0 to {WAIT_S:g} are needed, not {text!r}", field="wait")
    return wait_s


async def _open_to_every_origin(_request: web.Request, response: web.StreamResponse) -> None:
    response.headers[hdrs.ACCESS_CONTROL_ALLOW_ORIGIN] = "*"
    response.headers[hdrs.ACCESS_CONTROL_EXPOSE_HEADERS] = "etag"
    response.headers["x-content-type-options"] = "nosniff"
