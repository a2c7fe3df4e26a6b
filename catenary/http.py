"""The HTTP shell of every Python process: aiohttp with one error body, request ids on the log, and a clean stop.

Owns the translation of errors into answers; knows nothing of what is served.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import TypeVar, cast

import orjson
from aiohttp import hdrs, web
from pydantic import BaseModel, ValidationError

from catenary import grpc_status, logs, names, problem
from catenary.address import Address, TcpAddress, UnixAddress
from catenary.errors import (
    CatenaryError,
    InvalidInput,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
    SetupError,
    Unavailable,
)

log = logging.getLogger(__name__)

Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
M = TypeVar("M", bound=BaseModel)
A = TypeVar("A", bound=Address)

HEADER_BYTES = 64 * 1024
"""The longest request line and header that are taken: what an edge lets through, and what Envoys add to it."""


def json_response(value: object, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=orjson.dumps(value), status=status, headers=headers, content_type=names.JSON_TYPE)


def problem_response(error: CatenaryError, **members: object) -> web.Response:
    document = problem.problem(error, request_id=logs.request_id.get() or None, **members)
    return web.Response(
        body=orjson.dumps(document),
        status=problem.status_of(error),
        headers=problem.headers_for(error),
        content_type=names.PROBLEM_TYPE,
    )


def refusal(request: web.BaseRequest, error: CatenaryError) -> web.Response:
    """`error` as the client of `request` can read it: a gRPC client reads no document."""
    if grpc_status.is_grpc(request.headers.get(hdrs.CONTENT_TYPE, "")):
        return web.Response(headers=grpc_status.headers_for(error))
    return problem_response(error)


def validated(kind: type[M], value: object, prefix: str = "") -> M:
    """`value` as a message of `kind`; InvalidInput names the first field that is wrong."""
    try:
        return kind.model_validate(value)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_context=False)[0]
        field = prefix + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in fault["loc"])
        field = field.lstrip(".")
        message = _FAULTS.get(fault["type"], fault["msg"].removeprefix("Value error, "))
        raise InvalidInput(f"{field}: {message}" if field else message, field=field or None) from error


# pydantic's words where a user of an HTTP API expects others.
_FAULTS = {
    "extra_forbidden": "there is no such field",
    "missing": "this field is needed",
    "model_type": "an object is needed",
    "tuple_type": "a list is needed",
    "too_short": "at least one entry is needed",
}


def _translated(handler: Handler) -> Handler:
    """`handler` with every error that it raises as an answer."""

    async def translated(request: web.BaseRequest) -> web.StreamResponse:
        logs.request_id.set(_legible(request.headers.get(names.REQUEST_ID, "")))
        logs.trace_id.set(_legible(_trace_id(request)))
        try:
            # aiohttp would quote it, and fails where it is not UTF-8.
            if request.headers.get(hdrs.EXPECT, "100-continue").lower() != "100-continue":
                raise MalformedRequest("expect: nothing but 100-continue can be expected here")
            return await handler(request)
        except CatenaryError as error:
            if problem.status_of(error) >= 500:
                # What is away is no fault that a traceback would explain.
                cause = None if isinstance(error, Unavailable) else error.__cause__
                log.warning("%s %s: %s", request.method, request.path, error, exc_info=cause)
            return refusal(request, error)
        except web.HTTPMethodNotAllowed as error:
            return refusal(request, MethodNotAllowed(error.method, error.allowed_methods))
        except web.HTTPNotFound:
            return refusal(request, NotFound("page", request.path))
        except ConnectionError:
            raise
        except Exception:
            log.exception("%s %s failed", request.method, request.path)
            return refusal(request, CatenaryError("this is a fault in Catenary; its log holds the cause"))

    return translated


def _trace_id(request: web.BaseRequest) -> str:
    if traceparent := request.headers.get("traceparent"):
        parts = traceparent.split("-")
        return parts[1] if len(parts) > 3 else ""
    if b3 := request.headers.get("b3"):
        return b3.split("-")[0]
    return request.headers.get("x-b3-traceid", "")


def _legible(text: str) -> str:
    """A header's value without the bytes that are not UTF-8: JSON has no way to write them."""
    return text.encode(errors="replace").decode()


class _Connection(web.RequestHandler):
    """A client's connection; what on it is no HTTP is answered as every other error is, and is no fault of ours."""

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        if request.writer.output_size > 0:
            raise ConnectionError("an answer has begun, it cannot become another one")
        if status < 500:
            said = (message or "").partition("\n")[0].rstrip(":.")
            error: CatenaryError = MalformedRequest(f"the request is no HTTP that can be read: {said}")
        else:
            log.error("%s %s failed", request.method, request.path, exc_info=exc)
            error = CatenaryError("this is a fault in Catenary; its log holds the cause")
        response = problem_response(error)
        response.force_close()
        return response


class _Server(web.Server):
    """Makes those connections, for what an application serves."""

    def __call__(self) -> _Connection:
        return _Connection(
            self,
            loop=asyncio.get_running_loop(),
            auto_decompress=False,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
        )


def application(*, max_body_bytes: int) -> web.Application:
    """An application with Catenary's errors; over `max_body_bytes` a body is refused with 413."""
    return web.Application(client_max_size=max_body_bytes)


@contextlib.asynccontextmanager
async def listening(app: web.Application, address: A, *, drain_s: float = 10.0) -> AsyncIterator[A]:
    """Serve `app` at `address` inside the block; on leaving, requests under way have `drain_s` to end.

    Gives the address, in which the port that the system chose stands for 0. Raises SetupError where `address` cannot be
    had.
    """
    inner = web.AppRunner(app)
    await inner.setup()
    of_app = cast("web.Server", inner.server)
    server = _Server(
        _translated(of_app.request_handler), request_factory=of_app.request_factory, handler_cancellation=True
    )
    runner = web.ServerRunner(server, shutdown_timeout=drain_s)
    await runner.setup()
    try:
        site: web.BaseSite
        if isinstance(address, UnixAddress):
            site = web.UnixSite(runner, address.path)
        else:
            site = web.TCPSite(runner, address.host, address.port, reuse_address=True)
        try:
            await site.start()
        except OSError as error:
            raise SetupError(f"cannot listen on {address}: {error.strerror or error}") from error
        if isinstance(address, UnixAddress):
            Path(address.path).chmod(0o600)
        elif address.port == 0:
            address = cast("A", TcpAddress(address.host, runner.addresses[0][1]))
        log.info("listening on %s", address)
        yield address
    finally:
        await runner.cleanup()
        await inner.cleanup()
        if isinstance(address, UnixAddress):
            # Up to Python 3.12 a server leaves its socket behind.
            Path(address.path).unlink(missing_ok=True)


def stop_event() -> asyncio.Event:
    """An event that TERM and INT set, in the running loop."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop
