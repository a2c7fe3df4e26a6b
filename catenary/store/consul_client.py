"""The way to a Consul agent: py-consul's calls, over an HTTP client of our own.

py-consul's asyncio client would wait five minutes for an agent that hangs, trust every CA of the system beside the one
that is named, and let `CONSUL_HTTP_TOKEN` stand over the token that it is given; so connections, time limits, TLS and
the token are here, and every failure is told as Unavailable. Knows nothing of what is stored or registered.
"""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
from consul import ConsulException, aio, base
from consul.exceptions import ACLPermissionDenied
from yarl import URL

from catenary.errors import SetupError, Unavailable

T = TypeVar("T")
Params = Sequence[tuple[str, Any]] | None

WAIT_S = 5
"""How long Consul may hold a blocking query in which nothing changes: an agent that hangs is noticed soon after."""
CALL_S = 3.0
"""How long any other call may take, and a blocking query beyond its wait."""
PAUSE_S = 0.02
"""Between two queries of one watch: changes in quick succession come as one."""
REFUSED_RETRY_S = 10
# aiohttp's own limit for the whole of a request loses a cancellation that comes with it, and its task would go on.
_CONNECT = aiohttp.ClientTimeout(total=None, sock_connect=CALL_S)
_TOKEN = re.compile(r"[!-~]+")
"""What can stand in a header."""


@dataclass(frozen=True, slots=True)
class ConsulAccess:
    """Where the agent is, and what it asks of its callers. `token_file` is read for each call: tokens are renewed."""

    url: str
    token: str = field(default="", repr=False)
    token_file: Path | None = None
    ca: Path | None = None
    cert: Path | None = None
    key: Path | None = None


class ConsulClient(aio.Consul):  # type: ignore[misc]
    """py-consul's API. Make it inside a running loop, close it with `close`; safe for use by many tasks of that loop.

    Every call raises Unavailable where the agent cannot be reached, does not answer in time, or answers with an error.
    """

    def __init__(self, access: ConsulAccess) -> None:
        """Raises SetupError where the token or the files for TLS cannot be used."""
        if access.token and not _TOKEN.fullmatch(access.token):
            raise SetupError("the token for Consul is not one word of printable ASCII characters")
        self._access = access
        url = URL(access.url)
        # By default a Consul that comes back gives what it has read of its log so far: entries would seem deleted.
        super().__init__(host=url.host, port=url.port, scheme=url.scheme, consistency="consistent")

    def http_connect(
        self,
        host: str,
        port: int,
        scheme: str,
        verify: bool | str = True,  # noqa: ARG002 (py-consul's signature)
        cert: object = None,  # noqa: ARG002
    ) -> _Http:
        return _Http(host, port, scheme, self._access)

    def prepare_headers(self, token: str | None = None) -> dict[str, str]:  # noqa: ARG002
        # Every call shows the token of `ConsulAccess`, which cannot be read from here without holding up the loop.
        return {}

    async def follow(self, query: Callable[..., Awaitable[tuple[str, T]]]) -> AsyncIterator[tuple[int, T]]:
        """The answer of `query` (one of py-consul's that takes `index` and `wait`), at once and after each change.

        Each comes with Consul's index; one that is smaller than the one before it tells of a Consul that has lost data.
        """
        index = 0
        while True:
            said, value = await query(index=index or None, wait=f"{WAIT_S}s")
            changed = int(said) != index
            # An index of 0 would not wait at all.
            index = max(int(said), 1)
            if changed:
                yield index, value
                await asyncio.sleep(PAUSE_S)


class _Http(base.HTTPClient):  # type: ignore[misc]
    """What py-consul sends its requests with."""

    def __init__(self, host: str, port: int, scheme: str, access: ConsulAccess) -> None:
        super().__init__(host, port, scheme)
        self._access = access
        self.base_uri = access.url.rstrip("/")
        connector = aiohttp.TCPConnector(ssl=_tls(access) if scheme == "https" else True)
        self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    async def get(self, callback: Callable[[base.Response], T], path: str, params: Params = None, **options: Any) -> T:
        return await self._call("GET", callback, path, params, **options)

    async def put(self, callback: Callable[[base.Response], T], path: str, params: Params = None, **options: Any) -> T:
        return await self._call("PUT", callback, path, params, **options)

    async def post(self, callback: Callable[[base.Response], T], path: str, params: Params = None, **options: Any) -> T:
        return await self._call("POST", callback, path, params, **options)

    async def delete(
        self, callback: Callable[[base.Response], T], path: str, params: Params = None, **options: Any
    ) -> T:
        return await self._call("DELETE", callback, path, params, **options)

    async def close(self) -> None:
        await self._session.close()

    async def _call(
        self,
        method: str,
        callback: Callable[[base.Response], T],
        path: str,
        params: Params,
        *,
        data: str | bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> T:
        file = self._access.token_file
        token = await asyncio.to_thread(_read_token, file) if file else self._access.token
        if token:
            headers = {**(headers or {}), "X-Consul-Token": token}
        # Consul spreads its answers over a sixteenth of the wait.
        limit_s = CALL_S + (WAIT_S * 17 / 16 if params and "index" in dict(params) else 0)
        url = URL(self.uri(path, params), encoded=True)
        try:
            async with (
                asyncio.timeout(limit_s),
                self._session.request(
                    method, url, data=data or None, headers=headers, timeout=_CONNECT, allow_redirects=False
                ) as answer,
            ):
                response = base.Response(answer.status, answer.headers, await answer.text("utf-8", "replace"))
        except TimeoutError as error:
            raise Unavailable(f"Consul at {self.base_uri} does not answer") from error
        except aiohttp.ClientError as error:
            raise Unavailable(
                f"Consul at {self.base_uri} cannot be reached: {error or type(error).__name__}"
            ) from error
        try:
            return callback(response)
        except ACLPermissionDenied as error:
            raise Unavailable(f"Consul refuses the token: {error}", REFUSED_RETRY_S) from error
        except ConsulException as error:
            raise Unavailable(f"Consul at {self.base_uri} answers {method} {path} with {error}") from error


def _read_token(file: Path) -> str:
    """Raises Unavailable: the file may just be being renewed."""
    try:
        token = file.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise Unavailable(f"the file of Consul's token cannot be read: {error}") from error
    if not _TOKEN.fullmatch(token):
        raise Unavailable(f"the file of Consul's token, {file}, is not one word of printable ASCII characters")
    return token


def _tls(access: ConsulAccess) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=access.ca)
        if access.cert:
            context.load_cert_chain(access.cert, access.key)
    except (OSError, ssl.SSLError) as error:
        files = ", ".join(str(file) for file in (access.ca, access.cert, access.key) if file)
        raise SetupError(f"the files for TLS to Consul cannot be used ({files}): {error}") from error
    return context
