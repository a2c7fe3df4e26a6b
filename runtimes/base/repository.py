"""The model repository's client: what is there, and its bytes. Keeps nothing; every failure is Unavailable."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, AsyncIterator

import aiohttp
from pydantic import TypeAdapter, ValidationError
from yarl import URL

from catenary.errors import Unavailable
from catenary.messages import IndexEntry, Metadata

Index = tuple[IndexEntry, ...]

_INDEX = TypeAdapter(Index)
_CHUNK_BYTES = 1 << 20
_SILENCE_S = 30.0
"""How long a repository may send nothing in the middle of an answer."""


class Repository:
    """Speaks to the repository at `url` over `session`, which belongs to the caller."""

    def __init__(self, url: str, session: aiohttp.ClientSession) -> None:
        self.url = url
        self._base = URL(url)
        self._session = session

    async def index(self, etag: str = "", wait_s: int = 0) -> tuple[Index, str] | None:
        """Every model, with the index's ETag; None if it is still the one of `etag` after `wait_s` seconds."""
        url = self._base / "index"
        if wait_s:
            url = url.with_query(wait=wait_s)
        headers = {"if-none-match": etag} if etag else {}
        async with self._get(url, headers, silence_s=wait_s + _SILENCE_S) as response:
            if response.status == 304:
                return None
            _require_ok(response)
            try:
                return _INDEX.validate_json(await response.read()), response.headers.get("etag", "")
            except ValidationError as error:
                raise Unavailable(f"{url} does not answer with an index: {_first(error)}") from error

    async def metadata(self, model: str) -> Metadata:
        url = self._base / "metadata" / model
        async with self._get(url) as response:
            _require_ok(response)
            try:
                return Metadata.model_validate_json(await response.read())
            except ValidationError as error:
                raise Unavailable(f"{url} does not answer with metadata: {_first(error)}") from error

    async def download(self, model: str, path: str) -> AsyncGenerator[bytes]:
        """The bytes of a file, in pieces."""
        async with self._get(self._base.joinpath("download", model, *path.split("/"))) as response:
            _require_ok(response)
            async for piece in response.content.iter_chunked(_CHUNK_BYTES):
                yield piece

    @contextlib.asynccontextmanager
    async def _get(
        self, url: URL, headers: dict[str, str] | None = None, *, silence_s: float = _SILENCE_S
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=silence_s)
        try:
            async with self._session.get(url, headers=headers, timeout=timeout) as response:
                yield response
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"{url}: {error or type(error).__name__}") from error


def _require_ok(response: aiohttp.ClientResponse) -> None:
    if response.status != 200:
        raise Unavailable(f"{response.url} answers {response.status} {response.reason}")


def _first(error: ValidationError) -> str:
    return error.errors(include_url=False)[0]["msg"]
