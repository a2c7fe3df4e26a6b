"""What goes wrong inside the engine; `load` and `transform` turn it into Catenary's errors, with model and row.

Unreadable  a saved stage cannot be served: becomes ModelBroken
Rejected    a value cannot be scored: becomes InvalidInput
"""

from __future__ import annotations

_LONGEST = 2000
"""The most characters of a message: one that quotes a value may be as long as that is."""


class Unreadable(Exception):
    """`reason`: what is wrong with the saved folder, for the person who made it."""

    def __init__(self, reason: str) -> None:
        self.reason = _readable(reason)
        super().__init__(self.reason)


class Rejected(Exception):
    """`column` and what is wrong with its value; `message` continues the sentence that begins with the column."""

    def __init__(self, message: str, column: str) -> None:
        self.message = _readable(message)
        self.column = column
        super().__init__(f"{column!r} {message}")


def _readable(message: str) -> str:
    """A long message is cut in its middle, and what no encoding can write is spelled out."""
    if len(message) > _LONGEST:
        message = f"{message[: _LONGEST // 2]} … {message[-_LONGEST // 2 :]}"
    return message.encode("utf-8", "backslashreplace").decode("utf-8")
