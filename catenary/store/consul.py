"""The store in Consul's KV: a key is a key, its revision Consul's ModifyIndex.

Writes go through Consul's transactions, which alone compare, set and tell the new revision in one round trip.
"""

from __future__ import annotations

import base64
import functools
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from typing import Any

import orjson
from consul import ConsulException, base
from consul.callback import CB
from consul.exceptions import ACLPermissionDenied

from catenary.errors import PreconditionFailed, TooLarge
from catenary.store import Entry
from catenary.store.consul_client import ConsulClient

VALUE_BYTES = 380 * 1024
"""The largest value: by default Consul takes requests of 512 KiB, in which the value stands as base64."""

_Entries = list[Entry]


class ConsulStore:
    """Implements `catenary.store.Store`, over a client that it does not own."""

    def __init__(self, consul: ConsulClient) -> None:
        self._consul = consul

    async def get(self, key: str) -> Entry | None:
        _, item = await self._consul.kv.get(key)
        return _entry(item) if item else None

    async def list(self, prefix: str) -> list[Entry]:
        _, items = await self._consul.kv.get(prefix, recurse=True)
        return await self._entries(prefix, items)

    async def put(self, key: str, value: bytes, *, expect: int | None = None) -> Entry:
        if len(value) > VALUE_BYTES:
            raise TooLarge(VALUE_BYTES)
        set_: dict[str, object] = {"Verb": "set", "Key": key, "Value": base64.b64encode(value).decode()}
        if expect is not None:
            set_ |= {"Verb": "cas", "Index": expect}
        result = await self._transact(set_)
        if result is None:
            raise await self._refused(key)
        return Entry(key, value, result[0]["KV"]["ModifyIndex"])

    async def delete(self, key: str, *, expect: int | None = None) -> bool:
        if expect == 0:
            if await self._transact({"Verb": "check-not-exists", "Key": key}) is None:
                raise await self._refused(key)
            return False
        # Only a read fails where there is no such key; to delete it, even to compare and delete it, does not.
        there = {"Verb": "get", "Key": key}
        if expect is None:
            return await self._transact(there, {"Verb": "delete", "Key": key}) is not None
        if await self._transact(there, {"Verb": "delete-cas", "Key": key, "Index": expect}) is None:
            raise await self._refused(key)
        return True

    async def watch(self, prefix: str) -> AsyncIterator[Sequence[Entry]]:
        seen: Sequence[Entry] | None = None
        async for _, entries in self.follow(prefix):
            if entries != seen:
                seen = entries
                yield entries

    async def follow(self, prefix: str) -> AsyncGenerator[tuple[int, Sequence[Entry]], None]:
        """As `watch`, each with Consul's index; an index may also come without a change."""
        async for index, items in self._consul.follow(functools.partial(self._consul.kv.get, prefix, recurse=True)):
            yield index, await self._entries(prefix, items)

    async def _entries(self, prefix: str, items: Sequence[Mapping[str, Any]] | None) -> _Entries:
        if not items and prefix:
            # From a list Consul leaves out in silence what the token may not read; a single key it refuses.
            await self._consul.kv.get(prefix)
        return sorted((_entry(item) for item in items or ()), key=lambda entry: entry.key)

    async def _transact(self, *operations: Mapping[str, Any]) -> Sequence[Mapping[str, Any]] | None:
        """The results; None where a condition of one of the operations did not hold, and nothing was done."""
        # py-consul's own `txn.put` does not tell a transaction that was rolled back from an error.
        result: Sequence[Mapping[str, Any]] | None = await self._consul.http.put(
            _outcome,
            "/v1/txn",
            data=orjson.dumps([{"KV": operation} for operation in operations]),
        )
        return result

    async def _refused(self, key: str) -> PreconditionFailed:
        entry = await self.get(key)
        return PreconditionFailed(key.rpartition("/")[2], entry.revision if entry else None)


def _entry(item: Mapping[str, Any]) -> Entry:
    return Entry(item["Key"], item["Value"] or b"", item["ModifyIndex"])


def _outcome(response: base.Response) -> Sequence[Mapping[str, Any]] | None:
    if response.code != 409:
        results: Sequence[Mapping[str, Any]] = CB.json(allow_404=False)(response)["Results"]
        return results
    try:
        faults = [fault["What"] for fault in orjson.loads(response.body)["Errors"]]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ConsulException(f"409 {response.body}") from error
    for fault in faults:
        if "Permission denied" in fault:
            raise ACLPermissionDenied(fault)
        if not fault.endswith(("index is stale", "doesn't exist", "exists")):
            raise ConsulException(f"409 {fault}")
    return None
