"""Where the control plane keeps what must survive: keys with values, revisions and a watch.

One interface: `catenary.store.sqlite` is embedded in the manager, `catenary.store.consul` is Consul's KV.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple, Protocol


class Entry(NamedTuple):
    """A key's value; `revision` grows with every write to the store and is never 0."""

    key: str
    value: bytes
    revision: int


class Store(Protocol):
    """Safe for use by many tasks of one loop. A cancelled write has happened wholly or not at all.

    Every method raises `Unavailable` while the store cannot be reached; nothing is lost by trying again.
    """

    async def get(self, key: str) -> Entry | None: ...

    async def list(self, prefix: str) -> list[Entry]:
        """Entries whose keys begin with `prefix`, in the order of their keys."""
        ...

    async def put(self, key: str, value: bytes, *, expect: int | None = None) -> Entry:
        """Write `value`. `expect`: the revision that must stand there now, 0 for none; None writes in any case.

        Raises PreconditionFailed where another revision stands.
        """
        ...

    async def delete(self, key: str, *, expect: int | None = None) -> bool:
        """Remove `key`; False where there was none. `expect` as in `put`."""
        ...

    def watch(self, prefix: str) -> AsyncIterator[Sequence[Entry]]:
        """What `list` gives, at once and again after each change; changes in quick succession may come as one."""
        ...
