"""A request's deadline: when its caller stops waiting."""

from __future__ import annotations

import re
import time

from catenary.errors import DeadlineExceeded, MalformedRequest
from catenary.names import TIMEOUT_MS

# Twelve digits are three decades; more would not fit a float or a timer.
_MILLISECONDS = re.compile(r"[0-9]{1,12}")


class Deadline:
    """`timeout_s` seconds from now; None: no deadline."""

    def __init__(self, timeout_s: float | None) -> None:
        self.timeout_s = timeout_s
        self._end = None if timeout_s is None else time.monotonic() + timeout_s

    @classmethod
    def from_header(cls, text: str | None) -> Deadline:
        """The deadline that the header `x-catenary-timeout-ms` sets; MalformedRequest if that is no whole number."""
        if text is None:
            return cls(None)
        if not _MILLISECONDS.fullmatch(text):
            raise MalformedRequest(f"{TIMEOUT_MS} is a whole number of milliseconds of at most 12 digits")
        return cls(int(text) / 1000)

    def left_s(self) -> float | None:
        """Seconds left, 0 once it is over; None: no deadline."""
        return None if self._end is None else max(0.0, self._end - time.monotonic())

    def exceeded(self, what: str) -> DeadlineExceeded:
        """The error to raise where `what` ran into this deadline."""
        return DeadlineExceeded(what, self.timeout_s or 0.0)
