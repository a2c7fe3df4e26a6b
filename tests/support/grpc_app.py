"""A gRPC server for tests, on the address that `CATENARY_LISTEN` names; every message is bytes.

With an argument it has a health service, which answers the status that the file of that name holds: `SERVING`,
`NOT_SERVING`, or a code of gRPC's; `silent` answers nothing.
"""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc

HEALTH = {"SERVING": b"\x08\x01", "NOT_SERVING": b"\x08\x02"}


class Echo:
    """`test.Echo`; each method is of the kind that it is named for, or unary."""

    def __init__(self) -> None:
        self.held = asyncio.Event()
        self.cancelled = asyncio.Event()
        self.failures_so_far = 0

    async def unary(self, message: bytes, context: Any) -> bytes:
        """Sends back the message, and as metadata what it got as `x-sent`, before and behind it."""
        sent = [("x-sent", value) for key, value in context.invocation_metadata() if key == "x-sent"]
        await context.send_initial_metadata(sent)
        context.set_trailing_metadata(sent)
        return message

    async def metadata(self, message: bytes, context: Any) -> bytes:
        """The call's metadata, a line each."""
        return "\n".join(f"{key}: {value!s}" for key, value in context.invocation_metadata()).encode()

    async def fail(self, message: bytes, context: Any) -> bytes:
        """Ends with the status and the message that the message holds; `test.Echo/failures` counts its calls."""
        self.failures_so_far += 1
        code, _, details = message.decode().partition(" ")
        context.set_trailing_metadata([("x-why", "asked")])
        await context.abort(grpc.StatusCode[code], details)
        return b""

    async def failures(self, message: bytes, context: Any) -> bytes:
        return str(self.failures_so_far).encode()

    async def left_s(self, message: bytes, context: Any) -> bytes:
        """The time until the deadline, in seconds."""
        return str(context.time_remaining()).encode()

    async def hold(self, message: bytes, context: Any) -> bytes:
        """Answers never; `test.Echo/cancelled` answers once somebody has cancelled it."""
        self.cancelled.clear()
        self.held.set()
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return b""

    async def until_held(self, message: bytes, context: Any) -> bytes:
        await self.held.wait()
        self.held.clear()
        return b""

    async def until_cancelled(self, message: bytes, context: Any) -> bytes:
        await self.cancelled.wait()
        return b""

    async def server_streaming(self, message: bytes, context: Any) -> AsyncIterator[bytes]:
        """Each byte by itself."""
        for byte in message:
            yield bytes([byte])

    async def client_streaming(self, messages: AsyncIterator[bytes], context: Any) -> bytes:
        """All messages in one."""
        return b"".join([message async for message in messages])

    async def bidirectional(self, messages: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        """Each message, as it comes."""
        async for message in messages:
            yield message
        context.set_trailing_metadata([("x-behind", "all")])


class Health:
    """`grpc.health.v1.Health`."""

    def __init__(self, state: Path) -> None:
        self._state = state

    async def check(self, message: bytes, context: Any) -> bytes:
        said = self._state.read_text()
        if said == "silent":
            await asyncio.get_running_loop().create_future()
        if said not in HEALTH:
            await context.abort(grpc.StatusCode[said], "said the test")
        return HEALTH[said]


async def main() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    echo = Echo()
    unary = [echo.unary, echo.metadata, echo.fail, echo.failures, echo.left_s, echo.hold]
    unary += [echo.until_held, echo.until_cancelled]
    methods = {method.__name__: grpc.unary_unary_rpc_method_handler(method) for method in unary}
    methods["server_streaming"] = grpc.unary_stream_rpc_method_handler(echo.server_streaming)
    methods["client_streaming"] = grpc.stream_unary_rpc_method_handler(echo.client_streaming)
    methods["bidirectional"] = grpc.stream_stream_rpc_method_handler(echo.bidirectional)
    services = [grpc.method_handlers_generic_handler("test.Echo", methods)]
    if len(sys.argv) > 1:
        check = {"Check": grpc.unary_unary_rpc_method_handler(Health(Path(sys.argv[1])).check)}
        services.append(grpc.method_handlers_generic_handler("grpc.health.v1.Health", check))
    server = grpc.aio.server()
    server.add_generic_rpc_handlers(services)
    server.add_insecure_port(os.environ["CATENARY_LISTEN"])
    await server.start()
    await stop.wait()
    await server.stop(grace=1)


asyncio.run(main())
