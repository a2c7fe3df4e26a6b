"""An error as a gRPC status: what a gRPC client gets where others get the problem document of `catenary.problem`.

Knows the codes and how a status stands in headers, for which no gRPC library is needed, and nothing of messages.
`envoy/chain.lua` and the manager's listeners use the same codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from urllib.parse import quote, unquote

from catenary import errors, names

STATUS_HEADER = "grpc-status"
MESSAGE_HEADER = "grpc-message"

# What gRPC sends as it is: printable ASCII but the percent sign.
_PLAIN = " !\"#$&'()*+,/:;<=>?@[\\]^`{|}~"


class GrpcStatus(IntEnum):
    """https://grpc.github.io/grpc/core/md_doc_statuscodes.html"""

    OK = 0
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    UNAUTHENTICATED = 16


# The code of each error; `tests/catenary/test_grpc_status.py` holds that none is missing.
STATUS: dict[type[errors.CatenaryError], GrpcStatus] = {
    errors.CatenaryError: GrpcStatus.INTERNAL,
    errors.RequestError: GrpcStatus.INVALID_ARGUMENT,
    errors.MalformedRequest: GrpcStatus.INVALID_ARGUMENT,
    errors.NotFound: GrpcStatus.NOT_FOUND,
    errors.MethodNotAllowed: GrpcStatus.UNIMPLEMENTED,
    errors.WrongTransport: GrpcStatus.UNIMPLEMENTED,
    errors.InvalidInput: GrpcStatus.INVALID_ARGUMENT,
    errors.TooLarge: GrpcStatus.RESOURCE_EXHAUSTED,
    errors.Conflict: GrpcStatus.ABORTED,
    errors.PreconditionFailed: GrpcStatus.FAILED_PRECONDITION,
    errors.ServingError: GrpcStatus.INTERNAL,
    errors.ModelBroken: GrpcStatus.INTERNAL,
    errors.PredictionFailed: GrpcStatus.INTERNAL,
    errors.Unavailable: GrpcStatus.UNAVAILABLE,
    errors.Overloaded: GrpcStatus.RESOURCE_EXHAUSTED,
    errors.DeadlineExceeded: GrpcStatus.DEADLINE_EXCEEDED,
    errors.SetupError: GrpcStatus.INTERNAL,
}


def is_grpc(content_type: str) -> bool:
    """Whether the header `content_type`, as it was sent, makes a message one of gRPC's: as Envoy sees it."""
    return content_type == names.GRPC_TYPE or content_type.startswith(f"{names.GRPC_TYPE}+")


def headers_for(error: errors.CatenaryError) -> dict[str, str]:
    """The headers of an answer, with HTTP's status 200 and no body, that consists of nothing but the status."""
    return {
        "content-type": names.GRPC_TYPE,
        STATUS_HEADER: str(int(STATUS[type(error)])),
        MESSAGE_HEADER: quote(str(error), safe=_PLAIN, errors="replace"),
    }


def status_in(headers: Mapping[str, str]) -> tuple[int | None, str]:
    """The code and the message of an answer that consists of its status; the code is None where that stands in none of
    the headers."""
    code = headers.get(STATUS_HEADER, "")
    return int(code) if code.isdecimal() else None, unquote(headers.get(MESSAGE_HEADER, ""))
