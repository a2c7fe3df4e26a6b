"""An error as an HTTP answer: RFC 9457's problem document, the only error body that Catenary sends.

Beside RFC 9457's members every document carries `error`, the same sentence as `detail`: that is where clients of the
Open Inference Protocol look. `envoy/chain.lua` writes the same shape, with the failing step's members beside it.
"""

from __future__ import annotations

from http import HTTPStatus

from catenary import errors

# The status of each error; `tests/catenary/test_problem.py` holds that none is missing.
STATUS: dict[type[errors.CatenaryError], HTTPStatus] = {
    errors.CatenaryError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.RequestError: HTTPStatus.BAD_REQUEST,
    errors.MalformedRequest: HTTPStatus.BAD_REQUEST,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    errors.WrongTransport: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    errors.InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.PreconditionFailed: HTTPStatus.PRECONDITION_FAILED,
    errors.ServingError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.ModelBroken: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.PredictionFailed: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    errors.Overloaded: HTTPStatus.TOO_MANY_REQUESTS,
    errors.DeadlineExceeded: HTTPStatus.GATEWAY_TIMEOUT,
    errors.SetupError: HTTPStatus.INTERNAL_SERVER_ERROR,
}

# The title of each status, the same in `envoy/chain.lua`; `HTTPStatus.phrase` depends on the version of Python.
TITLES: dict[int, str] = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    409: "Conflict",
    412: "Precondition Failed",
    413: "Request Entity Too Large",
    415: "Unsupported Media Type",
    422: "Unprocessable Entity",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

# Typed fields of an error that a client may use.
_MEMBERS = ("field", "row", "column", "near", "allowed", "limit_bytes", "model", "retry_after_s", "timeout_s")


def status_of(error: errors.CatenaryError) -> HTTPStatus:
    return STATUS[type(error)]


def problem(error: errors.CatenaryError, **members: object) -> dict[str, object]:
    """The document for `error`; `members` (request id, pipeline, …) stand beside its own fields. Nones are left out."""
    status = status_of(error)
    # What a client sent may be quoted in it, and JSON has no way to write bytes that are not UTF-8.
    sentence = str(error).encode(errors="replace").decode()
    own = {name: getattr(error, name, None) for name in _MEMBERS}
    document: dict[str, object] = {
        "type": f"urn:catenary:{_slug(type(error).__name__)}",
        "title": TITLES[status],
        "status": int(status),
        "detail": sentence,
        "error": sentence,
    }
    return document | {name: value for name, value in (own | members).items() if value not in (None, [])}


def headers_for(error: errors.CatenaryError) -> dict[str, str]:
    """The HTTP headers that belong to `error`."""
    if isinstance(error, (errors.Unavailable, errors.Overloaded)):
        return {"retry-after": str(error.retry_after_s)}
    if isinstance(error, errors.MethodNotAllowed):
        return {"allow": ", ".join(error.allowed)}
    return {}


def _slug(class_name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in class_name).lstrip("-")
