"""The registry: which instances serve, each on a lease that it has to renew.

Instances are stored, so that a manager that returns knows them; each then has one full lease to renew itself.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

import orjson

from catenary.address import TcpAddress, parse_address
from catenary.messages import Instance
from catenary.store import Store

log = logging.getLogger(__name__)

INSTANCES = "catenary/instances/"
SERVICES = "catenary/services/"


@dataclass(slots=True)
class Lease:
    instance: Instance
    expires: float
    """On the loop's clock, in seconds."""


class Registry:
    """Used from one loop. Its methods answer whether the endpoints of a service have changed."""

    def __init__(self, store: Store, lease_s: float) -> None:
        self.lease_s = lease_s
        self._store = store
        self._leases: dict[str, Lease] = {}
        self._services: set[str] = set()

    async def load(self) -> None:
        """Take over what is stored."""
        for entry in await self._store.list(INSTANCES):
            instance = Instance.model_validate(orjson.loads(entry.value))
            self._leases[instance.id] = Lease(instance, self._from_now())
        self._services = {entry.key.removeprefix(SERVICES) for entry in await self._store.list(SERVICES)}

    def instances(self, service: str | None = None) -> list[Instance]:
        """Those that hold a lease, in the order of service and id."""
        found = (lease.instance for lease in self._leases.values())
        return sorted((i for i in found if service in (None, i.service)), key=lambda i: (i.service, i.id))

    def services(self) -> frozenset[str]:
        """Every service that ever had an instance."""
        return frozenset(self._services)

    def addresses(self, service: str) -> tuple[TcpAddress, ...]:
        found = (parse_address(i.address) for i in self.instances(service))
        return tuple(address for address in found if isinstance(address, TcpAddress))

    async def renew(self, instance: Instance) -> bool:
        """Register `instance`, or renew its lease and what it says of its models."""
        lease = self._leases.get(instance.id)
        if lease and lease.instance == instance:
            lease.expires = self._from_now()
            return False
        # An address belongs to whoever came last: an instance that was there before is gone.
        for other in [i for i in self.instances() if i.address == instance.address and i.id != instance.id]:
            await self.leave(other.id)
        if instance.service not in self._services:
            await self._store.put(f"{SERVICES}{instance.service}", b"")
            self._services.add(instance.service)
        await self._store.put(f"{INSTANCES}{instance.id}", instance.model_dump_json().encode())
        self._leases[instance.id] = Lease(instance, self._from_now())
        if lease and (lease.instance.service, lease.instance.address) == (instance.service, instance.address):
            return False
        log.info("%s serves at %s", instance.id, instance.address)
        return True

    async def leave(self, instance_id: str) -> bool:
        if instance_id not in self._leases:
            return False
        await self._store.delete(f"{INSTANCES}{instance_id}")
        del self._leases[instance_id]
        log.info("%s has left", instance_id)
        return True

    async def expire(self) -> bool:
        """Let go whose lease is over."""
        now = asyncio.get_running_loop().time()
        over = [i for i, lease in self._leases.items() if lease.expires < now]
        for instance_id in over:
            log.warning("%s has not renewed its lease for %g s", instance_id, self.lease_s)
            await self.leave(instance_id)
        return bool(over)

    def _from_now(self) -> float:
        return asyncio.get_running_loop().time() + self.lease_s
