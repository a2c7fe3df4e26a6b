"""Everything that Catenary raises on purpose.

    CatenaryError
    ├── RequestError            the caller's fault
    │   ├── MalformedRequest    the body is not what its content type says
    │   ├── NotFound            no such pipeline, model, file, …; knows the names that are near
    │   ├── MethodNotAllowed    the path exists, the method does not
    │   ├── WrongTransport      the pipeline is called by gRPC and not by HTTP, or the other way round
    │   ├── InvalidInput        well formed, but a field, column or row is wrong: names it
    │   ├── TooLarge            the body is over the limit
    │   ├── Conflict            it exists already, or another writer was faster
    │   └── PreconditionFailed  If-Match did not match
    ├── ServingError            our fault, or the model's
    │   ├── ModelBroken         a model folder cannot be loaded: says why
    │   ├── PredictionFailed    a loaded model raised on input that it should have taken
    │   ├── Unavailable         not now: something is starting, stopping or away
    │   ├── Overloaded          not now: more work is waiting than may wait
    │   └── DeadlineExceeded    the time that the caller gave is over
    └── SetupError              this machine or its settings: says what to do

Errors carry typed fields and know no protocol; `catenary.problem` maps each to HTTP in one table.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class CatenaryError(Exception):
    """Base of all; `str(error)` is a sentence for a person."""


class RequestError(CatenaryError):
    """The caller has to change the request."""


class MalformedRequest(RequestError):
    """The body, or a header, cannot be read: not JSON, not an object, not a list of rows, not a number."""


class NotFound(RequestError):
    """`kind` ("pipeline", "model", "file") and `name` of what is missing; `near`: known names that resemble it.

    `reason` says why it is missing where that is known.
    """

    def __init__(self, kind: str, name: str, known: Iterable[str] = (), *, reason: str = "") -> None:
        self.kind = kind
        self.name = name
        self.near = difflib.get_close_matches(name, list(known), n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(repr(n) for n in self.near)}?" if self.near else ""
        because = f": {reason}" if reason else ""
        super().__init__(f"there is no {kind} {name!r}{because}{hint}")


class MethodNotAllowed(RequestError):
    """`allowed`: the methods that the path takes."""

    def __init__(self, method: str, allowed: Iterable[str]) -> None:
        self.method = method
        self.allowed = sorted(allowed)
        super().__init__(f"{method} is not allowed here; use {' or '.join(self.allowed)}")


class WrongTransport(RequestError):
    """`transport`: the only one by which `pipeline` is called."""

    def __init__(self, pipeline: str, transport: str) -> None:
        self.pipeline = pipeline
        self.transport = transport
        spoken = {"http": "HTTP", "grpc": "gRPC"}.get(transport, transport)
        super().__init__(f"pipeline {pipeline!r} is called by {spoken}: its transportType is {transport!r}")


class InvalidInput(RequestError):
    """`field` is the path to what is wrong (`chain[1].service`); `row` (from 0) and `column` where it is data."""

    def __init__(
        self, message: str, *, field: str | None = None, row: int | None = None, column: str | None = None
    ) -> None:
        self.field = field
        self.row = row
        self.column = column
        super().__init__(message)


class TooLarge(RequestError):
    """`limit_bytes`: the most that is taken."""

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(f"the body is larger than the limit of {limit_bytes} bytes")


class Conflict(RequestError):
    """The write does not fit what is stored."""


class PreconditionFailed(RequestError):
    """If-Match named another revision than `revision`, the stored one (None: nothing is stored)."""

    def __init__(self, name: str, revision: int | None) -> None:
        self.name = name
        self.revision = revision
        state = "does not exist" if revision is None else f"is at revision {revision}"
        super().__init__(f"{name!r} {state}, which If-Match does not allow; read it again, then write")


class ServingError(CatenaryError):
    """The request was right and was not served."""


class ModelBroken(ServingError):
    """`model` cannot be loaded; `reason` says why, for the person who made it."""

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"model {model!r} cannot be loaded: {reason}")


class PredictionFailed(ServingError):
    """`model` raised; the cause is in the log of its runtime and in `__cause__`."""

    def __init__(self, model: str, reason: str) -> None:
        self.model = model
        self.reason = reason
        super().__init__(f"model {model!r} failed: {reason}")


class Unavailable(ServingError):
    """Try again after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class Overloaded(ServingError):
    """Shed before any work was done; try again after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: int = 1) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(message)


class DeadlineExceeded(ServingError):
    """`timeout_s` is what the caller gave, in seconds."""

    def __init__(self, what: str, timeout_s: float) -> None:
        self.timeout_s = timeout_s
        super().__init__(f"{what} took longer than the {timeout_s:g} s that were left")


class SetupError(CatenaryError):
    """Something outside Catenary has to be put right first; the sentence says what and how."""
