"""A named xDS resource, packed once, with the hash of its content and the names that it refers to."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from google.protobuf.any_pb2 import Any
from google.protobuf.message import Message


@dataclass(frozen=True, slots=True)
class Resource:
    """`refers`: clusters that a route configuration names, route configurations that a listener names."""

    name: str
    body: Any
    version: str
    refers: frozenset[str] = frozenset()


def packed(message: Message) -> Any:
    """`message` in an Any whose bytes depend on its content alone (maps are sorted)."""
    any_message = Any()
    any_message.Pack(message, deterministic=True)
    return any_message


def resource(name: str, message: Message, refers: frozenset[str] = frozenset()) -> Resource:
    body = packed(message)
    return Resource(name, body, hashlib.sha256(body.value).hexdigest()[:16], refers)
