"""The registry: which instances serve.

One interface: in `manager.registry.leases` instances serve while they renew themselves, in `manager.registry.consul`
while Consul's checks of them pass.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Protocol

import orjson
from pydantic import ValidationError

from catenary.address import TcpAddress, parse_address
from catenary.errors import CatenaryError
from catenary.messages import Instance
from catenary.store import Entry

INSTANCES = "catenary/instances/"
SERVICES = "catenary/services/"


class Registry(Protocol):
    """Used from one loop. What `instances` tells is in memory and stands while nothing can be asked."""

    lease_s: float
    """How long a registration holds, in seconds; an instance renews itself several times within it."""

    changed: Callable[[], object]
    """Called whenever a service's endpoints, or where their metrics are, have changed, after `load`; set by the one who
    follows."""

    @abstractmethod
    async def load(self) -> None:
        """Take over what is stored; Unavailable where it cannot be read, to be called again."""

    @abstractmethod
    async def run(self) -> None:
        """Follow what changes, and bring out what could not be stored at once, until cancelled."""

    @abstractmethod
    def instances(self, service: str | None = None) -> list[Instance]:
        """Those that may take requests, in the order of service and id."""

    @abstractmethod
    def services(self) -> frozenset[str]:
        """Every service that ever had an instance."""

    @abstractmethod
    async def renew(self, instance: Instance) -> None:
        """Register `instance`, or renew it and what it says. Raises Unavailable, TooLarge.

        An address belongs to the instance that came last: one that was there before is gone.
        """

    @abstractmethod
    async def leave(self, instance_id: str) -> bool:
        """Whether there was such an instance; it is in `instances` no longer when this returns. Raises Unavailable."""

    @abstractmethod
    def write_anew(self) -> None:
        """The store has lost its data: see to it that what is known stands there again."""

    def faults(self, service: str) -> Mapping[str, str]:  # noqa: ARG002
        """Instances that are registered and may not take requests just now, and why."""
        return {}

    def addresses(self, service: str) -> tuple[TcpAddress, ...]:
        found = (parse_address(i.address) for i in self.instances(service))
        return tuple(address for address in found if isinstance(address, TcpAddress))


def in_order(instances: Mapping[str, Instance], service: str | None) -> list[Instance]:
    return sorted((i for i in instances.values() if service in (None, i.service)), key=lambda i: (i.service, i.id))


def instance_in(entry: Entry) -> Instance:
    """The instance that is stored as `entry`. Raises CatenaryError, one line, where it cannot be read."""
    try:
        instance = Instance.model_validate(orjson.loads(entry.value))
    except (ValidationError, orjson.JSONDecodeError) as error:
        words = " ".join(str(error).split())
        raise CatenaryError(f"the instance stored at {entry.key} cannot be read by this version: {words}") from error
    if INSTANCES + instance.id != entry.key:
        raise CatenaryError(f"the instance stored at {entry.key} says that it is {instance.id!r}: it is left out")
    return instance


def nobody() -> None:
    """Who is told of changes while nobody follows."""
