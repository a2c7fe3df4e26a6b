"""A request's body: read whole, decoded where it is compressed, never larger than the application takes.

aiohttp would decode bodies while it parses; what cannot be decoded then ends the connection, and with it the requests
of others that an Envoy sends over the same one.
"""

from __future__ import annotations

import asyncio
import zlib
from typing import Any

import orjson
from aiohttp import hdrs, web

from catenary.errors import MalformedRequest, TooLarge

# The window's size, and with it the header that is expected, as zlib wants to be told.
_WINDOW_BITS = {"gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}


async def read_body(request: web.Request) -> bytes:
    """The body's bytes; `content-encoding` may be gzip or deflate. Raises MalformedRequest and TooLarge."""
    try:
        body = await request.read()
    except web.HTTPRequestEntityTooLarge as error:
        raise TooLarge(request.client_max_size) from error
    except web.RequestPayloadError as error:
        raise MalformedRequest("the body ends before its end, or its chunks are none") from error
    encoding = request.headers.get(hdrs.CONTENT_ENCODING, "identity").strip().lower()
    if encoding == "identity":
        return body
    if encoding not in _WINDOW_BITS:
        raise MalformedRequest(f"content-encoding: {encoding!r} is not taken; {' and '.join(_WINDOW_BITS)} are")
    return await asyncio.to_thread(_decoded, body, encoding, request.client_max_size)


async def read_json(request: web.Request) -> Any:
    """The body's JSON. Raises MalformedRequest, which says where it stops being JSON, and TooLarge."""
    body = await read_body(request)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(
            f"the body is not JSON: {error}" if body else "the body is empty; JSON is needed"
        ) from error


def _decoded(body: bytes, encoding: str, limit_bytes: int) -> bytes:
    decoder = zlib.decompressobj(_WINDOW_BITS[encoding])
    try:
        decoded = decoder.decompress(body, limit_bytes + 1)
    except zlib.error as error:
        raise MalformedRequest(f"the body is not {encoding}, which its content-encoding says") from error
    if len(decoded) > limit_bytes:
        raise TooLarge(limit_bytes)
    if not decoder.eof or decoder.unused_data:
        raise MalformedRequest(f"the body is not one whole {encoding} stream")
    return decoded
