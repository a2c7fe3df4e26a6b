"""Whether a store is still the one that it was: a name that the first manager gives it, and that is lost with its data.

What is gone from a store whose name stands has been deleted; from one with another name, it has been lost.
"""

from __future__ import annotations

import uuid

from catenary.errors import PreconditionFailed
from catenary.store import Store

KEY = "catenary/history"


async def history_of(store: Store) -> str:
    """The name of what `store` holds; it is given one where it has none. Raises Unavailable."""
    while True:
        if entry := await store.get(KEY):
            return entry.value.decode("utf-8", "replace")
        name = str(uuid.uuid4())
        try:
            await store.put(KEY, name.encode(), expect=0)
        except PreconditionFailed:
            continue  # Another manager was faster.
        return name
