"""What goes wrong inside the engine; `load` and `transform` turn it into Catenary's errors, with model and row.

Unreadable  a saved stage cannot be served: becomes ModelBroken
Rejected    a value cannot be scored: becomes InvalidInput
"""

from __future__ import annotations


class Unreadable(Exception):
    """`reason`: what is wrong with the saved folder, for the person who made it."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class Rejected(Exception):
    """`column` and what is wrong with its value; `message` continues the sentence that begins with the column."""

    def __init__(self, message: str, column: str) -> None:
        self.message = message
        self.column = column
        super().__init__(f"{column!r} {message}")
