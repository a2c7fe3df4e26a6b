"""HTTP/1.1 as bytes: requests that no client would write, and what came back, read leniently."""

from __future__ import annotations

import asyncio
import contextlib
import json
from dataclasses import dataclass
from typing import Any

from catenary.address import Address, UnixAddress

ANSWER_S = 30
"""A listener that says nothing for so long hangs."""
SILENCE_S = 0.1


@dataclass(frozen=True, slots=True)
class Answer:
    """The last answer on a connection, after those of the 1xx kind."""

    status: int
    headers: dict[str, str]
    """By their names in small letters; of a repeated one the last."""
    body: bytes

    @property
    def document(self) -> Any:
        return json.loads(self.body)


async def connect(address: Address) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    if isinstance(address, UnixAddress):
        return await asyncio.open_unix_connection(address.path)
    return await asyncio.open_connection(address.host, address.port)


async def exchange(address: Address, request: bytes, *, whole: bool = False) -> Answer | None:
    """Send `request` on a connection of its own; what is answered, None where the connection is closed without a word.

    A listener that is silent for a while, as one that waits for the rest of a body, is told that no more will come,
    unless the request is `whole`. Fails where it is silent even then.
    """
    reader, writer = await connect(address)
    try:
        async with asyncio.timeout(ANSWER_S):
            with contextlib.suppress(ConnectionError):
                writer.write(request)
                await writer.drain()
            answering = asyncio.ensure_future(_answer(reader, head_only=request.startswith(b"HEAD ")))
            await asyncio.wait([answering], timeout=None if whole else SILENCE_S)
            if not answering.done():
                writer.write_eof()
            return await answering
    except TimeoutError:
        raise AssertionError(f"no answer within {ANSWER_S} s to {request[:500]!r}") from None
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def _answer(reader: asyncio.StreamReader, *, head_only: bool) -> Answer | None:
    try:
        status, headers = 100, {}
        while status < 200:
            head = await reader.readuntil(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            status = int(first.split()[1])
            headers = {
                name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
            }
        return Answer(status, headers, b"" if head_only else await _body(reader, status, headers))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None


async def _body(reader: asyncio.StreamReader, status: int, headers: dict[str, str]) -> bytes:
    if status in (204, 304):
        return b""
    if "content-length" in headers:
        return await reader.readexactly(int(headers["content-length"]))
    if headers.get("transfer-encoding") != "chunked":
        return await reader.read()
    body = b""
    while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    return body
