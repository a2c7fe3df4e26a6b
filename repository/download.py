"""One file of a model over HTTP: whole or from a byte range, and only as long as it is the file that was found.

aiohttp's FileResponse is not used: it sends `model.pkl.gz` for `model.pkl` where both lie there, and knows no content
but the present one.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import BinaryIO

from aiohttp import hdrs, web

from catenary.errors import Unavailable
from repository.found import Stamp, open_found

_CHUNK_BYTES = 1024 * 1024


async def send_file(request: web.Request, folder: Path, path: str, stamp: Stamp, etag: str) -> web.StreamResponse:
    """Answer `request` with the file at `path` in `folder`, as `open_found` opens it; Unavailable where it does not."""
    if request.if_none_match and any(known.value in (etag, "*") for known in request.if_none_match):
        return web.Response(status=304, headers={hdrs.ETAG: f'"{etag}"'})
    file = await asyncio.to_thread(_open, folder, path, stamp)
    try:
        wanted = _range(request, stamp.size_bytes, etag)
        response = web.StreamResponse(headers={hdrs.ACCEPT_RANGES: "bytes", hdrs.ETAG: f'"{etag}"'})
        response.content_type = "application/octet-stream"
        response.content_length = len(wanted)
        if len(wanted) < stamp.size_bytes:
            response.set_status(206)
            response.headers[hdrs.CONTENT_RANGE] = f"bytes {wanted.start}-{wanted.stop - 1}/{stamp.size_bytes}"
        await response.prepare(request)
        if request.method != hdrs.METH_HEAD:
            await _copy(file, wanted, response)
        await response.write_eof()
    finally:
        file.close()
    return response


def _open(folder: Path, path: str, stamp: Stamp) -> BinaryIO:
    try:
        return open_found(folder, path, stamp)
    except OSError as error:
        raise Unavailable(f"{path} cannot be read just now: {error.strerror}") from error


def _range(request: web.Request, size_bytes: int, etag: str) -> range:
    """The bytes that are asked for; all of them where the header is none that can be met, as RFC 9110 allows."""
    everything = range(size_bytes)
    if request.headers.get(hdrs.IF_RANGE, f'"{etag}"') != f'"{etag}"':
        return everything
    try:
        return everything[request.http_range] or everything
    except ValueError:
        return everything


async def _copy(file: BinaryIO, wanted: range, response: web.StreamResponse) -> None:
    file.seek(wanted.start)
    left = len(wanted)
    while left:
        chunk = await asyncio.to_thread(file.read, min(left, _CHUNK_BYTES))
        if not chunk:
            raise ConnectionResetError("the file was cut short while it was sent")
        await response.write(chunk)
        left -= len(chunk)
