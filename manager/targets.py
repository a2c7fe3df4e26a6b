"""What Prometheus is to scrape, in a file of the form that its file-based discovery reads.

For a stack without Consul, whose catalog says the same (`manager.registry.agent`). Knows nothing of Prometheus's own
configuration.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson

from catenary import names
from catenary.address import TcpAddress
from catenary.messages import Instance

log = logging.getLogger(__name__)


class TargetsFile:
    """Belongs to one event loop, of which `run` is the only writer of `file`. `manager`: where its own API listens."""

    def __init__(self, file: Path, manager: TcpAddress | None, instances: Callable[[], list[Instance]]) -> None:
        self._file = file
        self._manager = manager
        self._instances = instances
        self._changed = asyncio.Event()

    def changed(self) -> None:
        """The instances are others now: have the file say so."""
        self._changed.set()

    async def run(self) -> None:
        """Write it after each change, until cancelled. Where it cannot be written, that is logged."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            content = orjson.dumps(targets(self._manager, self._instances()), option=orjson.OPT_INDENT_2)
            try:
                await asyncio.to_thread(_replace, self._file, content)
            except OSError as error:
                log.warning("CATENARY_TARGETS_FILE: %s cannot be written: %s", self._file, error.strerror)


def targets(manager: TcpAddress | None, instances: Sequence[Instance]) -> list[dict[str, object]]:
    """A group for the manager, and one for each instance that says where its metrics are."""
    groups = [_group(names.MANAGER, names.MANAGER, str(manager))] if manager else []
    return groups + [_group(i.service, i.id, i.metrics) for i in instances if i.metrics]


def _group(job: str, instance: str, address: str) -> dict[str, object]:
    return {"targets": [address], "labels": {"job": job, "instance": instance}}


def _replace(file: Path, content: bytes) -> None:
    """Prometheus never reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name(file.name + ".new")
    new.write_bytes(content)
    new.replace(file)
